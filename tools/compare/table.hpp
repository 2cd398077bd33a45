/// The table on the terminal: at most 80 columns, readable without colour.
#pragma once

#include "recommendation.hpp"
#include "results.hpp"
#include "text.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

/// How the terminal may be written to.
struct TerminalStyle {
  Charset charset = Charset::unicode;
  bool bold = false;  ///< a terminal, and NO_COLOR is not set
};

/// One column: its heading, its width, and what stands in it. Numbers stand right.
struct Column {
  std::string heading;
  std::size_t width;
  std::function<std::string(const Row&)> text;
};

namespace detail {

class TableWriter {
 public:
  TableWriter(const Results& results, TerminalStyle style)
      : results_(results), style_(style), axis_(axis_of(results.rows)), chosen_(recommend(results)) {}

  [[nodiscard]] std::string write() const {
    const auto columns = columns_for(results_.workload.scenario);
    std::string text = heading_line(columns);
    for (const auto& group : group_rows(results_.rows)) {
      text += emphasise(group_heading(group)) + "\n";
      for (const Row* row : group.rows) text += row_line(*row, columns) + remark_line(*row);
    }
    return text + footnotes();
  }

 private:
  [[nodiscard]] std::string time(double nanoseconds) const { return human_time(nanoseconds, style_.charset); }
  [[nodiscard]] std::string time(Duration length) const { return time(static_cast<double>(length.count())); }
  [[nodiscard]] std::string maybe(const std::optional<Duration>& length) const {
    return length ? time(*length) : "never";
  }

  [[nodiscard]] std::string emphasise(const std::string& text) const {
    return style_.bold ? "\x1b[1m" + text + "\x1b[0m" : text;
  }

  [[nodiscard]] static std::string group_heading(const RowGroup& group) {
    const auto workers = group.rows.front()->workers;
    if (group.backend == BackendKind::single) return group.heading + ": 1 worker by nature";
    return fmt::format("{}: {} workers", group.heading, workers);
  }

  [[nodiscard]] std::size_t label_width() const {
    std::size_t width = 8;
    for (const auto& row : results_.rows) width = std::max(width, label_of(row, axis_).size());
    return width + 2;
  }

  [[nodiscard]] std::vector<Column> columns_for(Scenario scenario) const {
    if (scenario == Scenario::spike) return spike_columns();
    if (scenario == Scenario::outage) return outage_columns();
    return steady_columns();
  }

  [[nodiscard]] Column wait_column(const char* heading, double quantile) const {
    return {heading, 7, [this, quantile](const Row& row) { return time(row.wait.quantile(quantile)); }};
  }

  [[nodiscard]] std::vector<Column> steady_columns() const {
    double fastest = 1;
    for (const auto& row : results_.rows) fastest = std::max(fastest, row.rate.median);
    return {
        {"req/s", 9, [](const Row& row) { return human_count(row.rate.median); }},
        {"", 4,
         [this, fastest](const Row& row) { return pad_right(bar(row.rate.median / fastest, 4, style_.charset), 4); }},
        {"CPU/req", 7, [this](const Row& row) { return time(row.cpu.median); }},
        wait_column("p50", 0.5),
        wait_column("p99", 0.99),
        wait_column("p99.9", 0.999),
        {"max", 7, [this](const Row& row) { return time(row.wait.max()); }},
        {"fair", 4, [](const Row& row) { return row.workers > 1 ? fmt::format("{:.2f}", row.fairness.median) : "-"; }},
        {"open", 4, [](const Row& row) { return fmt::format("{:.0f}", row.opened.median); }},
    };
  }

  [[nodiscard]] std::vector<Column> spike_columns() const {
    return {
        {"served", 6, [](const Row& row) { return fmt::format("{}", row.requests); }},
        {"failed", 6, [](const Row& row) { return fmt::format("{}", row.failures.total()); }},
        {"all after", 9, [this](const Row& row) { return time(row.all_served.median); }},
        wait_column("p50", 0.5),
        wait_column("p99", 0.99),
        {"max", 7, [this](const Row& row) { return time(row.wait.max()); }},
        {"opened", 6, [](const Row& row) { return fmt::format("{:.0f}", row.opened.median); }},
        {"at most", 7, [](const Row& row) { return fmt::format("{:.0f}", row.opened.high); }},
    };
  }

  [[nodiscard]] std::vector<Column> outage_columns() const {
    return {
        {"req/s", 8, [](const Row& row) { return human_count(row.rate.median); }},
        {"failed/s", 8, [](const Row& row) { return human_count(row.outage->failures_per_second); }},
        {"dials/s", 7, [](const Row& row) { return fmt::format("{:.1f}", row.outage->connects_per_second); }},
        {"p50", 7, [this](const Row& row) { return time(row.outage->wait.quantile(0.5)); }},
        {"p99", 7, [this](const Row& row) { return time(row.outage->wait.quantile(0.99)); }},
        {"max", 7, [this](const Row& row) { return time(row.outage->wait.max()); }},
        {"1st back", 8, [this](const Row& row) { return maybe(row.outage->first_again); }},
        {"all back", 8, [this](const Row& row) { return maybe(row.outage->all_again); }},
    };
  }

  [[nodiscard]] std::string heading_line(const std::vector<Column>& columns) const {
    auto line = pad_right(axis_ == RowAxis::queue ? "  queue" : "  eviction", label_width());
    for (const auto& column : columns) line += " " + pad_left(column.heading, column.width);
    return line + "\n";
  }

  [[nodiscard]] std::string row_line(const Row& row, const std::vector<Column>& columns) const {
    auto line = pad_right((&row == chosen_ ? "> " : "  ") + label_of(row, axis_), label_width());
    for (const auto& column : columns) line += " " + pad_left(column.text(row), column.width);
    return (&row == chosen_ ? emphasise(line) : line) + "\n";
  }

  /// Under a row, what only some rows have: connections closed, failures, a limit not kept.
  [[nodiscard]] std::string remark_line(const Row& row) const {
    std::vector<std::string> remarks;
    for (std::size_t i = 0; i < close_reason_count; ++i) {
      if (row.closed[i] > 0) {
        remarks.push_back(
            fmt::format("{} {:.0f}", carpool::to_string(static_cast<CloseReason>(i)), std::ceil(row.closed[i])));
      }
    }
    std::string text = remarks.empty() ? "" : "    closed: " + join(remarks) + "\n";
    if (row.failures.total() > 0) text += "    failed: " + failures_of(row) + "\n";
    if (row.server_peak > row.pool_size) {
      text += fmt::format("    the server saw {} connections at once: more than allowed\n", row.server_peak);
    }
    return text;
  }

  [[nodiscard]] static std::string failures_of(const Row& row) {
    std::vector<std::string> kinds;
    for (std::size_t i = 0; i < failure_kind_count; ++i) {
      const auto count = row.failures.by_kind[i];
      if (count > 0) kinds.push_back(fmt::format("{} {}", to_string(static_cast<FailureKind>(i)), count));
    }
    return join(kinds);
  }

  [[nodiscard]] std::string footnotes() const {
    const auto scenario = results_.workload.scenario;
    if (scenario == Scenario::spike) {
      return "p50 to max: how long callers waited for a connection. all after: when the last\n"
             "was served. opened, at most: connections, the median and the most of the rounds.\n";
    }
    if (scenario == Scenario::outage) {
      return "While the server was down: failed/s requests, dials/s connects tried, p50 to max\n"
             "how long callers waited for a lease or a refusal. back: time from its return.\n";
    }
    return "p50 to max: how long a worker waited for a connection. fair: requests of the\n"
           "slowest worker over the fastest's. open: connections opened (median per round).\n";
  }

  const Results& results_;
  TerminalStyle style_;
  RowAxis axis_;
  const Row* chosen_;
};

}  // namespace detail

/// The rows grouped by backend, the chosen one marked '>'.
[[nodiscard]] inline std::string results_table(const Results& results, TerminalStyle style) {
  return detail::TableWriter(results, style).write();
}

}  // namespace carpool::compare

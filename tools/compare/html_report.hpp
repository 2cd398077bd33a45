/// One HTML file with everything in it: words, charts, table, machine. No script, no network.
#pragma once

#include "advice.hpp"
#include "charts.hpp"
#include "results.hpp"
#include "svg.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::compare {

namespace detail {

inline constexpr std::string_view page_style = R"(
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;--card:#f5f7f9;--mark:#0072b2}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#2f3a48;--paper:#161c24;--card:#1d2530;--mark:#4aa8e0}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1060px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:40px 0 4px}
p{margin:4px 0 10px}.soft{color:var(--soft)}.advice{background:var(--card);border-left:4px solid var(--mark);border-radius:4px;padding:14px 20px;margin:20px 0}
.advice p:first-child{font-weight:600;font-size:17px}.advice p:last-child{margin-bottom:0}
.scroll{overflow-x:auto}svg{display:block;width:100%;max-width:500px;height:auto}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:0 32px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line)}th{color:var(--soft);font-weight:600}
th:first-child,td:first-child{text-align:left}tr.group td{font-weight:600;padding-top:14px}tr.chosen td{background:var(--card);font-weight:600}
td .soft{font-weight:400}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;font-size:14px;margin:8px 0}dt{color:var(--soft)}dd{margin:0}
)";

inline std::string element(std::string_view name, std::string_view content, std::string_view css = "") {
  const auto attribute = css.empty() ? "" : fmt::format(" class=\"{}\"", css);
  return fmt::format("<{0}{1}>{2}</{0}>\n", name, attribute, content);
}

/// A heading and how to find the cell's content, already marked up.
using HtmlColumn = std::pair<std::string, std::function<std::string(const Row&)>>;

inline std::string ranged(const Figure& figure, const std::function<std::string(double)>& number) {
  if (figure.low == figure.high) return number(figure.median);
  return number(figure.median) +
         fmt::format(" <span class=\"soft\">{} – {}</span>", number(figure.low), number(figure.high));
}

inline std::string closed_cell(const Row& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < close_reason_count; ++i) {
    if (row.closed[i] > 0) {
      parts.push_back(fmt::format("{} {:.4g}", carpool::to_string(static_cast<CloseReason>(i)), row.closed[i]));
    }
  }
  return parts.empty() ? "none" : join(parts);
}

inline std::string failed_cell(const Row& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < failure_kind_count; ++i) {
    const auto count = row.failures.by_kind[i];
    if (count > 0) parts.push_back(fmt::format("{} {}", to_string(static_cast<FailureKind>(i)), count));
  }
  return parts.empty() ? "none" : join(parts);
}

inline void add_waits(std::vector<HtmlColumn>& columns, const std::function<const Histogram&(const Row&)>& wait) {
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1.0}}) {
    columns.emplace_back(name, [wait, share = share](const Row& row) {
      return bar_time(static_cast<double>(wait(row).quantile(share).count()));
    });
  }
}

inline std::string recovery_cell(const std::optional<Duration>& took) {
  return took ? bar_time(static_cast<double>(took->count())) : "not within the run";
}

inline std::vector<HtmlColumn> outage_columns() {
  std::vector<HtmlColumn> columns{
      {"requests/s before", [](const Row& row) { return ranged(row.rate, human_count); }},
      {"failed/s", [](const Row& row) { return human_count(row.outage->failures_per_second); }},
      {"connects tried/s", [](const Row& row) { return fmt::format("{:.1f}", row.outage->connects_per_second); }}};
  add_waits(columns, [](const Row& row) -> const Histogram& { return row.outage->wait; });
  columns.emplace_back("first served again", [](const Row& row) { return recovery_cell(row.outage->first_again); });
  columns.emplace_back("every worker", [](const Row& row) { return recovery_cell(row.outage->all_again); });
  return columns;
}

inline std::vector<HtmlColumn> spike_columns() {
  std::vector<HtmlColumn> columns{{"served", [](const Row& row) { return std::to_string(row.requests); }},
                                  {"all served after", [](const Row& row) { return ranged(row.all_served, bar_time); }},
                                  {"opened", [](const Row& row) { return ranged(row.opened, human_count); }}};
  add_waits(columns, [](const Row& row) -> const Histogram& { return row.wait; });
  return columns;
}

inline std::vector<HtmlColumn> steady_columns() {
  std::vector<HtmlColumn> columns{{"requests/s", [](const Row& row) { return ranged(row.rate, human_count); }},
                                  {"CPU/request", [](const Row& row) { return ranged(row.cpu, bar_time); }}};
  add_waits(columns, [](const Row& row) -> const Histogram& { return row.wait; });
  columns.emplace_back("fairness", [](const Row& row) {
    return row.workers > 1 ? fmt::format("{:.2f}", row.fairness.median) : std::string("–");
  });
  columns.emplace_back("in use", [](const Row& row) { return fmt::format("{:.1f}", row.in_use.median); });
  columns.emplace_back("opened", [](const Row& row) { return fmt::format("{:.0f}", row.opened.median); });
  return columns;
}

inline std::vector<HtmlColumn> html_columns(Scenario scenario, bool embedded) {
  auto columns = scenario == Scenario::outage  ? outage_columns()
                 : scenario == Scenario::spike ? spike_columns()
                                               : steady_columns();
  columns.emplace_back("closed", closed_cell);
  columns.emplace_back("failed", failed_cell);
  if (embedded) columns.emplace_back("peak at server", [](const Row& row) { return std::to_string(row.server_peak); });
  return columns;
}

inline std::string html_row(const std::string& label, const Row& row, const std::vector<HtmlColumn>& columns,
                            bool chosen) {
  std::string text = (chosen ? "<tr class=\"chosen\"><td>" : "<tr><td>") + label + "</td>";
  for (const auto& column : columns) text += "<td>" + column.second(row) + "</td>";
  return text + "</tr>\n";
}

inline std::string html_group(const RowGroup& group, std::size_t width) {
  const bool single = group.backend == BackendKind::single;
  const auto workers =
      single ? std::string("1 worker by nature") : fmt::format("{} workers", group.rows.front()->workers);
  return fmt::format("<tr class=\"group\"><td colspan=\"{}\">{}, {}</td></tr>\n", width, group.heading, workers);
}

inline std::string html_table(const Results& results) {
  const auto columns = html_columns(results.workload.scenario, results.embedded);
  const Row* chosen = recommend(results);
  const RowAxis axis = axis_of(results.rows);
  std::string text = "<table><tr><th>" + std::string(axis == RowAxis::queue ? "queue" : "eviction") + "</th>";
  for (const auto& column : columns) text += "<th>" + column.first + "</th>";
  text += "</tr>\n";
  for (const auto& group : group_rows(results.rows)) {
    text += html_group(group, columns.size() + 1);
    for (const Row* row : group.rows) text += html_row(label_of(*row, axis), *row, columns, row == chosen);
  }
  return element("div", text + "</table>", "scroll");
}

using Facts = std::vector<std::pair<std::string, std::string>>;

inline std::string fact_list(const Facts& facts) {
  std::string text;
  for (const auto& [name, value] : facts)
    text += element("dt", escape_markup(name)) + element("dd", escape_markup(value));
  return element("dl", text);
}

inline Facts workload_facts(const Results& results) {
  const auto& w = results.workload;
  const auto time = [](Duration length) { return bar_time(static_cast<double>(length.count())); };
  return {{"scenario", std::string(name_of(w.scenario))},
          {"server", results.server},
          {"workers", std::to_string(w.workers) + " (single: 1 by nature)"},
          {"pool", fmt::format("at most {} connections, {} kept idle", w.pool_size, w.min_idle)},
          {"request", fmt::format("{} bytes there and back, think time {}, work time {}", w.request_size,
                                  time(w.think_time), time(w.work_time))},
          {"connect", w.connect_delay > Duration::zero() ? time(w.connect_delay) + " longer than the network needs"
                                                         : "as fast as the network"},
          {"discarded", w.discard_every > 0 ? fmt::format("every {}-th lease", w.discard_every) : "no lease"},
          {"measured", fmt::format("{:.3g} s per combination in {} round{}", w.seconds, w.rounds,
                                   w.rounds == 1 ? "" : "s by turns")}};
}

inline Facts machine_list(const Machine& machine) {
  return {{"date", machine.date},
          {"processors", fmt::format("{} x {}", machine.processors, machine.processor)},
          {"kernel", machine.kernel},
          {"compiler", machine.compiler + (machine.optimised ? "" : ", without optimisation")},
          {"load before", fmt::format("{:.2f}", machine.load_average)},
          {"others meanwhile", fmt::format("{:.0f} % of the processors' time", machine.used_by_others * 100)}};
}

inline std::string drawings(const Results& results) {
  std::string all;
  for (const auto& chart : charts_of(results)) {
    const auto words = element("h2", escape_markup(chart.title)) + element("p", escape_markup(chart.caption), "soft");
    all += element("section", words + chart.svg);
  }
  return all;
}

/// The server that a URL names is none of ours: nothing is known of its threads, nor of where it runs.
inline std::string method(bool embedded) {
  const char* const cpu =
      embedded ? "the whole process's without the embedded server's thread, so it counts the pool's "
                 "background workers too; but the server runs on the same\nprocessors, which bounds requests per "
                 "second."
               : "the whole process's, so it counts the pool's background workers too.";
  const char* const peak = embedded ? "\n\"Peak at server\" is what the embedded server saw open at once." : "";
  return fmt::format(R"(<h2>How it was measured</h2>
<p>Each combination is a pool of its own over real sockets. Combinations are measured by turns, in rounds, so that a change in the
machine hits all alike; a figure is the median of its rounds and the small grey figures are the lowest and the highest. CPU is
{} Waits are kept in histograms of at most 6.25 % error. Fairness is the slowest
worker's requests over the fastest's. Connections opened and closed are per round; those closed at the end of a run are not counted.{}</p>
)",
                     cpu, peak);
}

}  // namespace detail

/// The whole page.
[[nodiscard]] inline std::string html_report(const Results& results) {
  using detail::element;
  std::string words, body;
  for (const auto& sentence : advise(results, Charset::unicode)) words += element("p", escape_markup(sentence));
  body += element("h1", "Which pool suits this workload?");
  body += element("p", fmt::format("carpool-compare, {}, {}", name_of(results.workload.scenario), results.machine.date),
                  "soft");
  body += element("div", words, "advice");
  body += element("div", detail::drawings(results), "charts");
  body += element("h2", "All figures") + detail::html_table(results);
  body += element("h2", "The workload") + detail::fact_list(detail::workload_facts(results));
  body += element("h2", "The machine") + detail::fact_list(detail::machine_list(results.machine));
  body += detail::method(results.embedded);
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\">\n<title>carpool-compare</title>\n<style>" +
         std::string(detail::page_style) + std::string(svg_style) + "</style></head>\n<body><main>\n" + body +
         "</main></body></html>\n";
}

}  // namespace carpool::compare

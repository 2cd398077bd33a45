/// Which charts the results of each scenario deserve.
#pragma once

#include "bar_chart.hpp"
#include "dot_chart.hpp"
#include "line_chart.hpp"
#include "recommendation.hpp"
#include "results.hpp"
#include "strip_chart.hpp"

#include <functional>
#include <string>
#include <vector>

namespace carpool::compare {

/// A drawing with its words.
struct Chart {
  std::string name;  ///< a file name without its ending
  std::string title;
  std::string caption;  ///< how to read it
  std::string svg;
};

namespace detail {

inline std::string axis_time(double nanoseconds) {
  if (nanoseconds <= 0) return "0";
  const auto in_unit = [&](double unit, const char* name) {
    return fmt::format("{:.4g} {}", nanoseconds / unit, name);
  };
  if (nanoseconds < 1e3) return in_unit(1, "ns");
  if (nanoseconds < 1e6) return in_unit(1e3, "µs");
  return nanoseconds < 1e9 ? in_unit(1e6, "ms") : in_unit(1e9, "s");
}

inline std::string bar_time(double nanoseconds) {
  return nanoseconds <= 0 ? "0" : human_time(nanoseconds, Charset::unicode);
}

/// The headings of the terminal's table, with the number of workers where it is not the common one.
inline std::string chart_heading(const RowGroup& group) {
  return group.backend == BackendKind::single ? group.heading + " (1 worker)" : group.heading;
}

inline std::vector<BarGroup> bars_of(const Results& results, const std::function<Figure(const Row&)>& figure) {
  std::vector<BarGroup> groups;
  const RowAxis axis = axis_of(results.rows);
  for (const auto& group : group_rows(results.rows)) {
    BarGroup bars{chart_heading(group), static_cast<std::size_t>(group.backend), {}};
    for (const Row* row : group.rows) bars.bars.push_back({label_of(*row, axis), figure(*row)});
    groups.push_back(std::move(bars));
  }
  return groups;
}

inline Chart rate_chart(const Results& results) {
  const BarChart chart{"Requests per second",
                       "requests per second",
                       human_count,
                       human_count,
                       bars_of(results, [](const Row& row) { return row.rate; }),
                       {},
                       {}};
  return {"requests", chart.title,
          "Longer is better. The thin line is the range of the rounds: where two overlap, the difference is noise.",
          draw(chart)};
}

inline Chart cpu_chart(const Results& results) {
  const BarChart chart{"Client CPU per request",
                       results.embedded ? "processor time per request, without the embedded server's"
                                        : "processor time per request, of the clients",
                       bar_time,
                       axis_time,
                       bars_of(results, [](const Row& row) { return row.cpu; }),
                       {},
                       {}};
  return {"cpu", chart.title, "Shorter is better. The figure that a busy machine disturbs least.", draw(chart)};
}

inline std::vector<double> quantiles_of(const Histogram& histogram) {
  std::vector<double> values;
  if (histogram.count() == 0) return values;
  for (const double share : {0.5, 0.99, 0.999, 1.0}) {
    values.push_back(std::max(1.0, static_cast<double>(histogram.quantile(share).count())));
  }
  return values;
}

inline Chart wait_chart(const Results& results, const std::string& title,
                        const std::function<const Histogram&(const Row&)>& wait) {
  DotChart chart{title,
                 "time until a caller had its answer from the pool (logarithmic)",
                 axis_time,
                 {"p50", "p99", "p99.9", "max"},
                 {}};
  const RowAxis axis = axis_of(results.rows);
  for (const auto& group : group_rows(results.rows)) {
    DotGroup dots{chart_heading(group), static_cast<std::size_t>(group.backend), {}};
    for (const Row* row : group.rows) dots.rows.push_back({label_of(*row, axis), quantiles_of(wait(*row))});
    chart.groups.push_back(std::move(dots));
  }
  return {"wait", title, "Further left is better; a short line means that all callers are treated alike.", draw(chart)};
}

inline Series series_of(const Sweep& sweep) {
  Series series{to_string(sweep.combination), static_cast<std::size_t>(sweep.combination.backend), {}, {}};
  const SweepPoint* marked = enough(sweep);
  for (const auto& point : sweep.points) {
    if (&point == marked) series.marked = series.figures.size();
    series.figures.push_back(point.row.rate);
  }
  return series;
}

inline Chart sweep_chart(const std::vector<Sweep>& sweeps) {
  LineChart chart{"What size of pool is enough", "connections in the pool", "requests/s", human_count, {}, {}};
  for (const auto& point : sweeps.front().points) chart.steps.push_back(std::to_string(point.pool_size));
  for (const auto& sweep : sweeps) chart.series.push_back(series_of(sweep));
  return {"pool-size", chart.title, "Requests per second. The ring marks the smallest pool within 5 % of the best.",
          draw(chart)};
}

inline Chart opened_chart(const Results& results) {
  const auto wanted = static_cast<double>(results.workload.min_idle + 1);
  const BarChart chart{"Connections opened",
                       "connections opened for one spike",
                       human_count,
                       human_count,
                       bars_of(results, [](const Row& row) { return row.opened; }),
                       wanted,
                       fmt::format("at most {:.0f} wanted", wanted)};
  return {"opened", chart.title, "Shorter is better: every connection beyond the wanted ones is a storm on the server.",
          draw(chart)};
}

inline Chart served_chart(const Results& results) {
  const BarChart chart{"Time until everybody was served",
                       "from the callers' arrival to the last one's service",
                       bar_time,
                       axis_time,
                       bars_of(results, [](const Row& row) { return row.all_served; }),
                       {},
                       {}};
  return {"served", chart.title, "Shorter is better; no pool can be faster than one connect.", draw(chart)};
}

inline Chart outage_chart(const Results& results) {
  const double seconds = results.workload.seconds / static_cast<double>(results.workload.rounds);
  StripChart chart{"The outage", seconds, 1.0 / 3, 2.0 / 3, {}};
  const RowAxis axis = axis_of(results.rows);
  for (const auto& group : group_rows(results.rows)) {
    for (const Row* row : group.rows) {
      chart.strips.push_back({chart_heading(group), label_of(*row, axis), row->outage->timeline});
    }
  }
  return {"outage", chart.title, "Requests over time. Right of the second line: how soon a strip is fully green again.",
          draw(chart)};
}

}  // namespace detail

/// In the order in which a reader wants them.
[[nodiscard]] inline std::vector<Chart> charts_of(const Results& results) {
  if (results.rows.empty()) return {};
  const auto waits = [](const Row& row) -> const Histogram& { return row.wait; };
  const auto waits_while_down = [](const Row& row) -> const Histogram& { return row.outage->wait; };
  switch (results.workload.scenario) {
    case Scenario::spike:
      return {detail::opened_chart(results), detail::served_chart(results),
              detail::wait_chart(results, "Waiting for a connection", waits)};
    case Scenario::outage:
      return {detail::outage_chart(results),
              detail::wait_chart(results, "Waiting while the server was down", waits_while_down),
              detail::rate_chart(results)};
    default: break;
  }
  std::vector<Chart> charts{detail::rate_chart(results), detail::cpu_chart(results),
                            detail::wait_chart(results, "Waiting for a connection", waits)};
  if (!results.sweeps.empty()) charts.push_back(detail::sweep_chart(results.sweeps));
  return charts;
}

}  // namespace carpool::compare

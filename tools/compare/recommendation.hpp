/// Which row to choose, and which size of pool is enough: the judgement, without the words.
#pragma once

#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace carpool::compare {

using RowList = std::vector<const Row*>;

namespace detail {

/// Keeps the best by one figure and all that do not differ from it beyond noise.
inline RowList keep_best(const RowList& rows, const std::function<Figure(const Row&)>& figure, bool largest) {
  const auto better = [&](const Row* a, const Row* b) {
    return largest ? figure(*a).median > figure(*b).median : figure(*a).median < figure(*b).median;
  };
  const Row* best = *std::min_element(rows.begin(), rows.end(), better);
  RowList kept;
  for (const Row* row : rows) {
    if (row == best || !differs(figure(*row), figure(*best))) kept.push_back(row);
  }
  return kept;
}

inline RowList keep_if_any(const RowList& rows, const std::function<bool(const Row&)>& wanted) {
  RowList kept;
  for (const Row* row : rows) {
    if (wanted(*row)) kept.push_back(row);
  }
  return kept.empty() ? rows : kept;
}

/// When the next probe is due at the server's return is luck: recoveries within the longest pause count as equal.
inline Figure recovery_of(const Row& row) {
  constexpr double not_within_the_run = 1e15;
  const bool known = row.outage && row.outage->all_again;
  const double took = known ? static_cast<double>(row.outage->all_again->count()) : not_within_the_run;
  const double counted = std::max(took, static_cast<double>(outage_backoff_max.count()));
  return {counted, counted, counted};
}

/// What a reader of the table weighs against each other, as it stands there; less is better.
inline std::vector<double> costs_of(Scenario scenario, const Row& row) {
  if (scenario == Scenario::spike) return {row.opened.median, row.all_served.median, row.cpu.median};
  std::vector<double> costs{-row.rate.median, row.cpu.median, static_cast<double>(row.wait.quantile(0.999).count())};
  if (scenario == Scenario::outage) costs.push_back(recovery_of(row).median);
  return costs;
}

/// Whether nothing speaks for b: in no figure it is better than a, and in one it is worse.
inline bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

/// One number for what noise does not separate: the logarithms of the costs together, so that each counts by its ratio.
inline double weigh(Scenario scenario, const Row& row) {
  double sum = 0;
  for (const double cost : costs_of(scenario, row)) sum += cost < 0 ? -std::log1p(-cost) : std::log1p(cost);
  return sum;
}

/// The best of a few that are alike, and nothing that a reader of the table could call worse in every respect than
/// another row: "no different beyond noise" is not transitive, so that such a one might be left.
inline const Row* settle(Scenario scenario, const RowList& alike, const RowList& all) {
  const auto lighter = [&](const Row* a, const Row* b) { return weigh(scenario, *a) < weigh(scenario, *b); };
  const Row* chosen = *std::min_element(alike.begin(), alike.end(), lighter);
  for (const Row* row : all) {
    if (dominates(costs_of(scenario, *row), costs_of(scenario, *chosen))) chosen = row;
  }
  return chosen;
}

inline RowList best_steady(RowList rows) {
  rows = keep_best(rows, [](const Row& row) { return row.rate; }, true);
  rows = keep_best(rows, [](const Row& row) { return row.cpu; }, false);
  return keep_best(rows, [](const Row& row) { return row.p999; }, false);
}

inline RowList best_spike(RowList rows) {
  rows = keep_best(rows, [](const Row& row) { return row.opened; }, false);
  rows = keep_best(rows, [](const Row& row) { return row.all_served; }, false);
  return keep_best(rows, [](const Row& row) { return row.cpu; }, false);
}

inline RowList best_of(Scenario scenario, const RowList& rows) {
  if (scenario == Scenario::spike) return best_spike(rows);
  return best_steady(scenario == Scenario::outage ? keep_best(rows, recovery_of, false) : rows);
}

}  // namespace detail

/// The row to choose for the scenario: the fastest; among those that noise does not separate, the one with the least
/// CPU per request; then the one with the shortest tail of waiting; then the one whose medians are best. Never one that
/// another row of the table beats in every figure, be it by noise. Backends with one worker by nature and rows with
/// failures are passed over while there are others. Null where there are no rows.
[[nodiscard]] inline const Row* recommend(Scenario scenario, RowList rows) {
  if (rows.empty()) return nullptr;
  rows = detail::keep_if_any(rows, [](const Row& row) { return row.combination.backend != BackendKind::single; });
  if (scenario != Scenario::outage) {
    rows = detail::keep_if_any(rows, [](const Row& row) { return row.failures.total() == 0; });
  }
  return detail::settle(scenario, detail::best_of(scenario, rows), rows);
}

[[nodiscard]] inline const Row* recommend(const Results& results) {
  RowList rows;
  for (const auto& row : results.rows) rows.push_back(&row);
  return recommend(results.workload.scenario, std::move(rows));
}

/// By how much a combination's rate moved between its rounds: the median over the rows. 0.05 means +-5 %.
[[nodiscard]] inline double noise_of(const Results& results) {
  std::vector<double> spreads;
  for (const auto& row : results.rows) spreads.push_back(row.rate.spread());
  return Figure::of(std::move(spreads)).median;
}

/// Beyond this the conclusions are hints.
[[nodiscard]] inline bool is_noisy(const Results& results) { return noise_of(results) > 0.15; }

[[nodiscard]] inline RowList rows_of(const Results& results, BackendKind backend) {
  RowList rows;
  for (const auto& row : results.rows) {
    if (row.combination.backend == backend) rows.push_back(&row);
  }
  return rows;
}

/// Rows that share all but one field of the combination with the given one, itself included.
template <class Field>
[[nodiscard]] RowList rows_beside(const Results& results, const Combination& chosen, Field varied) {
  RowList rows;
  for (const auto& row : results.rows) {
    Combination same = row.combination;
    same.*varied = chosen.*varied;
    if (same == chosen) rows.push_back(&row);
  }
  return rows;
}

/// The smallest pool whose rate is at most 5 % below the best of the sweep: noise is no excuse, or the advice would
/// call a size enough beside a larger figure of another one.
[[nodiscard]] inline const SweepPoint* enough(const Sweep& sweep) {
  constexpr double noticeable = 0.95;
  const auto slower = [](const SweepPoint& a, const SweepPoint& b) { return a.row.rate.median < b.row.rate.median; };
  const auto best = std::max_element(sweep.points.begin(), sweep.points.end(), slower);
  for (const auto& point : sweep.points) {
    if (point.row.rate.median >= noticeable * best->row.rate.median) return &point;
  }
  return nullptr;
}

/// The table has one of the sizes too, measured longer, at another time: the better of the two counts in the sweep, so
/// that no size is called enough beside a row of the table that did more.
inline void take_from_table(Sweep& sweep, const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    for (auto& point : sweep.points) {
      const bool same = row.combination == sweep.combination && row.pool_size == point.pool_size;
      if (same && row.rate.median > point.row.rate.median) point.row = row;
    }
  }
}

/// The sweep of the chosen backend, else any.
[[nodiscard]] inline const Sweep* sweep_for(const Results& results, BackendKind backend) {
  for (const auto& sweep : results.sweeps) {
    if (sweep.combination.backend == backend) return &sweep;
  }
  return results.sweeps.empty() ? nullptr : &results.sweeps.front();
}

}  // namespace carpool::compare

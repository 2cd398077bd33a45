/// Which row to choose, and which size of pool is enough: the judgement, without the words.
#pragma once

#include "results.hpp"

#include <algorithm>
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

inline const Row* best_steady(RowList rows) {
  rows = keep_best(
      rows, [](const Row& row) { return row.rate; }, true);
  rows = keep_best(
      rows, [](const Row& row) { return row.cpu; }, false);
  rows = keep_best(
      rows, [](const Row& row) { return row.p999; }, false);
  return rows.front();
}

inline const Row* best_spike(RowList rows) {
  rows = keep_best(
      rows, [](const Row& row) { return row.opened; }, false);
  rows = keep_best(
      rows, [](const Row& row) { return row.all_served; }, false);
  return keep_best(
             rows, [](const Row& row) { return row.cpu; }, false)
      .front();
}

/// When the next probe is due at the server's return is luck: recoveries within the longest pause count as equal.
inline Figure recovery_of(const Row& row) {
  constexpr double not_within_the_run = 1e15;
  const bool known = row.outage && row.outage->all_again;
  const double took = known ? static_cast<double>(row.outage->all_again->count()) : not_within_the_run;
  const double counted = std::max(took, static_cast<double>(outage_backoff_max.count()));
  return {counted, counted, counted};
}

inline const Row* best_outage(RowList rows) {
  rows = keep_best(rows, recovery_of, false);
  return best_steady(rows);
}

}  // namespace detail

/// The row to choose for the scenario: the fastest; among those that noise does not separate, the one with the least
/// CPU per request; then the one with the shortest tail of waiting; then the first. Backends with one worker by nature
/// and rows with failures are passed over while there are others. Null where there are no rows.
[[nodiscard]] inline const Row* recommend(Scenario scenario, RowList rows) {
  if (rows.empty()) return nullptr;
  rows = detail::keep_if_any(rows, [](const Row& row) { return row.combination.backend != BackendKind::single; });
  if (scenario == Scenario::outage) return detail::best_outage(rows);
  rows = detail::keep_if_any(rows, [](const Row& row) { return row.failures.total() == 0; });
  return scenario == Scenario::spike ? detail::best_spike(rows) : detail::best_steady(rows);
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

/// The smallest pool whose rate is not noticeably (5 %) below the best of the sweep; up to 20 % below counts as equal
/// where noise may be the reason. Beyond that no noise is an excuse.
[[nodiscard]] inline const SweepPoint* enough(const Sweep& sweep) {
  constexpr double noticeable = 0.95, excusable = 0.80;
  const auto slower = [](const SweepPoint& a, const SweepPoint& b) { return a.row.rate.median < b.row.rate.median; };
  const auto best = std::max_element(sweep.points.begin(), sweep.points.end(), slower);
  for (const auto& point : sweep.points) {
    const double share = point.row.rate.median / best->row.rate.median;
    if (share >= noticeable || (share >= excusable && !differs(point.row.rate, best->row.rate))) return &point;
  }
  return nullptr;
}

/// The sweep of the chosen backend, else any.
[[nodiscard]] inline const Sweep* sweep_for(const Results& results, BackendKind backend) {
  for (const auto& sweep : results.sweeps) {
    if (sweep.combination.backend == backend) return &sweep;
  }
  return results.sweeps.empty() ? nullptr : &results.sweeps.front();
}

}  // namespace carpool::compare

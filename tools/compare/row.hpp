/// What all rounds of one combination gave together: one row of the table.
#pragma once

#include "combination.hpp"
#include "figure.hpp"
#include "sample.hpp"
#include "workload.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carpool::compare {

/// Figures with a spread are taken per round; histograms and failures are summed over the rounds.
struct Row {
  Combination combination;
  std::size_t workers = 0;
  std::size_t pool_size = 0;
  std::size_t rounds = 0;

  std::uint64_t requests = 0;  ///< all rounds together
  Figure rate;                 ///< requests per second
  Figure cpu;                  ///< nanoseconds of client processor time per request
  Figure p99, p999;            ///< nanoseconds of waiting for a lease
  Figure fairness;             ///< slowest worker over fastest; 1 = all alike
  Figure in_use;               ///< connections busy on average: rate times time held
  Figure all_served;           ///< spike: nanoseconds until the last caller was served
  Figure opened;               ///< connections per round
  Histogram wait;
  std::array<double, close_reason_count> closed{};  ///< connections per round
  Failures failures;
  std::uint64_t server_peak = 0;        ///< 0 = not known
  std::optional<OutageFigures> outage;  ///< of the last round
};

/// How large a pool is, and what it gave.
struct SweepPoint {
  std::size_t pool_size = 0;
  Row row;
};

/// One backend's pool in several sizes.
struct Sweep {
  Combination combination;
  std::vector<SweepPoint> points;
};

namespace detail {

inline Figure over(const std::vector<Sample>& samples, const std::function<double(const Sample&)>& figure) {
  std::vector<double> values;
  for (const auto& sample : samples) values.push_back(figure(sample));
  return Figure::of(std::move(values));
}

inline double ratio(double a, double b) noexcept { return b > 0 ? a / b : 0; }

inline void fill_figures(Row& row, const std::vector<Sample>& samples) {
  const auto requests = [](const Sample& s) { return static_cast<double>(s.requests); };
  row.rate = over(samples, [&](const Sample& s) { return ratio(requests(s), s.seconds); });
  row.cpu = over(samples, [&](const Sample& s) { return ratio(s.cpu_seconds * 1e9, requests(s)); });
  row.p99 = over(samples, [](const Sample& s) { return static_cast<double>(s.wait.quantile(0.99).count()); });
  row.p999 = over(samples, [](const Sample& s) { return static_cast<double>(s.wait.quantile(0.999).count()); });
  row.fairness = over(samples, [](const Sample& s) { return s.fairness; });
  // Requests at the end of the round are counted whole, so the ratio alone may come out a little above the size.
  const auto most = static_cast<double>(row.pool_size);
  row.in_use = over(samples, [most](const Sample& s) { return std::min(most, ratio(s.held_seconds, s.seconds)); });
  row.all_served = over(samples, [](const Sample& s) { return static_cast<double>(s.all_served.count()); });
  row.opened = over(samples, [](const Sample& s) { return static_cast<double>(s.opened); });
}

inline void fill_totals(Row& row, const std::vector<Sample>& samples) {
  for (const auto& sample : samples) {
    row.requests += sample.requests;
    row.wait.merge(sample.wait);
    row.failures.merge(sample.failures);
    row.server_peak = std::max(row.server_peak, sample.server_peak);
    if (sample.outage) row.outage = sample.outage;
    for (std::size_t i = 0; i < close_reason_count; ++i) {
      row.closed[i] += static_cast<double>(sample.closed[i]) / static_cast<double>(samples.size());
    }
  }
}

}  // namespace detail

/// One row of the samples of one combination.
[[nodiscard]] inline Row make_row(const Combination& combination, const Workload& workload,
                                  const std::vector<Sample>& samples) {
  Row row;
  row.combination = combination;
  row.workers = workers_on(combination.backend, workload);
  row.pool_size = workload.pool_size;
  row.rounds = samples.size();
  detail::fill_figures(row, samples);
  detail::fill_totals(row, samples);
  return row;
}

}  // namespace carpool::compare

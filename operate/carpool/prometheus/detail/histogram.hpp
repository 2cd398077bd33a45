/// A histogram as Prometheus has it.
#pragma once

#include <carpool/metrics/histogram.hpp>
#include <carpool/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <prometheus/client_metric.h>

namespace carpool::inline v0_1::detail {

[[nodiscard]] inline double seconds(Duration time) noexcept { return std::chrono::duration<double>(time).count(); }

/// Cumulative; Prometheus' own client adds the bucket of all, which is sample_count.
template <std::size_t size>
[[nodiscard]] prometheus::ClientMetric::Histogram to_prometheus(const HistogramSnapshot& from,
                                                                const std::array<Duration, size>& bounds) {
  prometheus::ClientMetric::Histogram to;
  to.sample_count = from.count();
  to.sample_sum = seconds(from.sum);
  to.bucket.reserve(size);
  const std::array<std::uint64_t, size> counts = from.at_most(bounds);
  for (std::size_t i = 0; i < size; ++i) to.bucket.push_back({counts[i], seconds(bounds[i])});
  return to;
}

}  // namespace carpool::inline v0_1::detail

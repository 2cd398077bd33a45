/// The upper bounds of the histograms that Prometheus sees.
#pragma once

#include <carpool/metrics/histogram.hpp>
#include <carpool/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <prometheus/client_metric.h>

namespace carpool::inline v0_1::detail {

/// Of waits, uses and connects. docs/how-to/operate.md lists them: dashboards and alerts name them.
inline constexpr std::array<Duration, 17> short_bounds = {
    std::chrono::microseconds(1),   std::chrono::microseconds(10),  std::chrono::microseconds(100),
    std::chrono::microseconds(500), std::chrono::milliseconds(1),   std::chrono::microseconds(2500),
    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),  std::chrono::milliseconds(25),
    std::chrono::milliseconds(50),  std::chrono::milliseconds(100), std::chrono::milliseconds(250),
    std::chrono::milliseconds(500), std::chrono::seconds(1),        std::chrono::seconds(5),
    std::chrono::seconds(10),       std::chrono::seconds(30)};

/// Of connections' whole lives.
inline constexpr std::array<Duration, 11> long_bounds = {
    std::chrono::milliseconds(100), std::chrono::seconds(1),  std::chrono::seconds(10), std::chrono::seconds(30),
    std::chrono::minutes(1),        std::chrono::minutes(2),  std::chrono::minutes(5),  std::chrono::minutes(10),
    std::chrono::minutes(30),       std::chrono::minutes(60), std::chrono::minutes(120)};

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

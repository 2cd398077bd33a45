/// The upper bounds that exporters cut histograms at.
#pragma once

#include <carpool/time.hpp>

#include <array>
#include <chrono>

namespace carpool::inline v0_1 {

/// Of waits, uses and connects: those that OpenTelemetry's conventions advise, and shorter ones. Each is right to the
/// width of a bucket of HistogramSnapshot, 6.25 %. docs/how-to/operate.md lists them: dashboards and alerts name them.
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

}  // namespace carpool::inline v0_1

/// What pools said of themselves at one moment, and since when their counts run.
#pragma once

#include <carpool/pool_registry.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Of one pool.
struct PoolReading {
  std::string name;
  std::chrono::system_clock::time_point start;  ///< the counts' start_time_unix_nano
  PoolStats stats;
  std::vector<EndpointStats> endpoints;
  std::size_t max_idle = 0;
  std::size_t min_idle = 0;
  std::optional<PoolMetrics> metrics;
};

/// Reads all pools of a registry. Used by one thread.
class PoolReader {
 public:
  using Clock = std::chrono::system_clock;

  /// What a pool has counted before it was read first counts from `start` on.
  explicit PoolReader(Clock::time_point start) : start_(start) {}

  /// Throws std::bad_alloc.
  [[nodiscard]] std::vector<PoolReading> read(const PoolRegistry& registry, Clock::time_point now) {
    std::vector<PoolReading> readings;
    std::map<std::string, Known> known;
    registry.for_each([&](const std::string& name, const WatchedPool& pool) {
      readings.push_back(read_one(name, pool));
      PoolReading& reading = readings.back();
      reading.start = start_of(name, reading.stats);
      known[name] = {reading.start, reading.stats.connects, reading.stats.acquired};
    });
    known_ = std::move(known);
    start_ = now;  // of pools that come from now on
    return readings;
  }

 private:
  struct Known {
    Clock::time_point start;
    std::uint64_t connects = 0;
    std::uint64_t acquired = 0;
  };

  [[nodiscard]] static PoolReading read_one(const std::string& name, const WatchedPool& pool) {
    const PoolOptions& options = pool.options();
    PoolReading reading{.name = name,
                        .start = {},
                        .stats = pool.stats(),
                        .endpoints = pool.endpoints(),
                        .min_idle = options.min_idle,
                        .metrics = pool.metrics()};
    reading.max_idle = std::min(reading.stats.max_size, options.max_idle.value_or(reading.stats.max_size));
    return reading;
  }
  /// Another pool may have taken the name since: its counts begin anew.
  [[nodiscard]] Clock::time_point start_of(const std::string& name, const PoolStats& stats) const {
    const auto before = known_.find(name);
    if (before == known_.end()) return start_;
    const bool is_another = stats.connects < before->second.connects || stats.acquired < before->second.acquired;
    return is_another ? start_ : before->second.start;
  }

  Clock::time_point start_;
  std::map<std::string, Known> known_;
};

}  // namespace carpool::inline v0_1::detail

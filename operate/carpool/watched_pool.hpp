/// A pool as those see it who watch and steer it, whatever its type.
#pragma once

#include <carpool/endpoint_stats.hpp>
#include <carpool/errors.hpp>
#include <carpool/metrics/pool_metrics.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/pool_stats.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace carpool::inline v0_1 {

/// Each call is the pool's own, and throws what that does.
class WatchedPool {
 public:
  WatchedPool() noexcept = default;
  WatchedPool(const WatchedPool&) = delete;
  WatchedPool& operator=(const WatchedPool&) = delete;
  virtual ~WatchedPool() = default;

  [[nodiscard]] virtual PoolStats stats() const = 0;                       ///< one snapshot
  [[nodiscard]] virtual std::vector<Holder> holders() const = 0;           ///< who has which connection
  [[nodiscard]] virtual std::vector<EndpointStats> endpoints() const = 0;  ///< how each server fares
  [[nodiscard]] virtual const PoolOptions& options() const = 0;            ///< as of its construction
  /// Empty where the pool's observer is no MetricsObserver, and has none among its members.
  [[nodiscard]] virtual std::optional<PoolMetrics> metrics() const = 0;

  virtual void retire_all() = 0;                  ///< replaces every connection
  virtual void suspend() = 0;                     ///< callers wait from now on
  virtual void resume() = 0;                      ///< and are served again
  virtual void resize(std::size_t max_size) = 0;  ///< a new bound; throws std::invalid_argument on 0
  virtual std::size_t clear() = 0;                ///< closes what is idle: how many
  /// Begins it, and waits for nobody: how many leases are still out.
  virtual std::size_t drain() = 0;
};

}  // namespace carpool::inline v0_1

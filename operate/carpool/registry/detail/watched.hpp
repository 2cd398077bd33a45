/// The WatchedPool of one type of pool.
#pragma once

#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/watched_pool.hpp>

namespace carpool::inline v0_1::detail {

/// Of an observer: its own, or its first member's that has some.
template <class Observer>
[[nodiscard]] std::optional<PoolMetrics> metrics_of(const Observer&) noexcept {
  return std::nullopt;
}
[[nodiscard]] inline std::optional<PoolMetrics> metrics_of(const MetricsObserver& observer) noexcept {
  return observer.metrics();
}
template <class... Members>
[[nodiscard]] std::optional<PoolMetrics> metrics_of(const Observers<Members...>& observers) noexcept {
  std::optional<PoolMetrics> found;
  const auto ask = [&](const auto& member) {
    if (!found) found = metrics_of(member);
  };
  (ask(observers.template get<Members>()), ...);
  return found;
}

template <class Pool>
class Watched final : public WatchedPool {
 public:
  explicit Watched(Pool& pool) noexcept : pool_(pool) {}

  [[nodiscard]] PoolStats stats() const override { return pool_.stats(); }
  [[nodiscard]] std::vector<Holder> holders() const override { return pool_.holders(); }
  [[nodiscard]] std::vector<EndpointStats> endpoints() const override { return pool_.endpoints(); }
  [[nodiscard]] const PoolOptions& options() const override { return pool_.options(); }
  [[nodiscard]] std::optional<PoolMetrics> metrics() const override { return metrics_of(pool_.observer()); }

  void retire_all() override { pool_.retire_all(); }
  void suspend() override { pool_.suspend(); }
  void resume() override { pool_.resume(); }
  void resize(std::size_t max_size) override { pool_.resize(max_size); }
  std::size_t clear() override { return pool_.clear(); }
  std::size_t drain() override { return pool_.drain(Duration::zero()); }

 private:
  Pool& pool_;
};

}  // namespace carpool::inline v0_1::detail

/// What is known of one server of several: its connections, its generation, and until when it is left alone.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace carpool::inline v0_1 {

/// One look at one server of several; it may be stale when it is read.
struct EndpointStatus {
  std::size_t connections;   ///< open now
  bool set_aside;            ///< the last connect failed, or it was found in the wrong role
  std::uint64_t generation;  ///< how often all of its connections were retired
};

namespace detail {

/// Read and written by any worker. Each field is a hint of its own, so no order among them is needed: at worst a
/// server is tried once too often, or a connection to it lives one use longer.
class EndpointHealth {
 public:
  /// Left alone for probe_after, twice that after the second failure in a row, and so on up to probe_after_max.
  EndpointHealth(Duration probe_after, Duration probe_after_max) noexcept
      : probe_after_(probe_after), probe_after_max_(probe_after_max) {}

  [[nodiscard]] std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }
  [[nodiscard]] TimePoint aside_until() const noexcept { return TimePoint(Duration(aside_until_.load(relaxed))); }
  [[nodiscard]] EndpointStatus status() const noexcept { return {connections(), aside_until() != well, generation()}; }

  void opened() noexcept { connections_.fetch_add(1, relaxed); }
  void closed() noexcept { connections_.fetch_sub(1, relaxed); }

  /// True where it is well, or where its time to be probed has come and nobody else has taken that on.
  [[nodiscard]] bool may_be_tried(TimePoint now) noexcept {
    Duration::rep until = aside_until_.load(relaxed);
    if (until == well.time_since_epoch().count()) return true;
    if (until > now.time_since_epoch().count()) return false;
    return aside_until_.compare_exchange_strong(until, (now + probe_after_).time_since_epoch().count(), relaxed);
  }

  void recovered() noexcept {
    failures_.store(0, relaxed);
    aside_until_.store(well.time_since_epoch().count(), relaxed);
  }
  void failed(TimePoint now) noexcept {
    const Duration::rep times = Duration::rep{1} << std::min(failures_.fetch_add(1, relaxed), 30U);
    const Duration rest = probe_after_ > probe_after_max_ / times ? probe_after_max_ : probe_after_ * times;
    aside_until_.store((now + rest).time_since_epoch().count(), relaxed);
  }

  /// What is connected to it now is not to be used again, and it is set aside.
  void retire(TimePoint now) noexcept {
    generation_.fetch_add(1, relaxed);
    failed(now);
  }

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;
  static constexpr TimePoint well = TimePoint::min();

  const Duration probe_after_;
  const Duration probe_after_max_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<Duration::rep> aside_until_{well.time_since_epoch().count()};
  std::atomic<unsigned> failures_{0};
};

/// A connection's place among those of its server, for as long as it is open. Outlives the connector.
class EndpointUse {
 public:
  EndpointUse(std::shared_ptr<EndpointHealth> health, std::size_t index) noexcept
      : health_(std::move(health)), index_(index), generation_(health_->generation()) {
    health_->opened();
  }
  EndpointUse(EndpointUse&&) noexcept = default;
  EndpointUse& operator=(EndpointUse&& other) noexcept {
    std::swap(health_, other.health_);
    std::swap(index_, other.index_);
    std::swap(generation_, other.generation_);
    return *this;
  }
  ~EndpointUse() {
    if (health_) health_->closed();
  }

  /// Which of the servers, counted from 0.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  /// False for one that was moved away too.
  [[nodiscard]] bool current() const noexcept { return health_ && generation_ == health_->generation(); }
  /// Of all connections to its server.
  void retire(TimePoint now) const noexcept { health_->retire(now); }

 private:
  std::shared_ptr<EndpointHealth> health_;
  std::size_t index_;
  std::uint64_t generation_;
};

}  // namespace detail
}  // namespace carpool::inline v0_1

/// What a pool tells of itself beyond its counters: who holds its connections, and how its endpoints fare.
#pragma once

#include <carpool/detail/lifecycle.hpp>
#include <carpool/detail/oldest_holders.hpp>
#include <carpool/endpoint_stats.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Memory is reserved, and texts are made, without the lock.
template <class Types>
class PoolInspection {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using Target = typename Types::Target;

  /// All leases, the oldest first. Throws std::bad_alloc.
  [[nodiscard]] static std::vector<Holder> holders(Lifecycle& pool) {
    std::vector<Holder> all;
    const TimePoint now = Backend::coarse_now();
    while (!collect(pool, now, all)) all.reserve(all.capacity() * 2 + 16);
    std::sort(all.begin(), all.end(), OldestHolders::is_older);
    return all;
  }

  /// In no particular order. Throws std::bad_alloc, and what copying a target throws.
  [[nodiscard]] static std::vector<EndpointStats> endpoints(Lifecycle& pool) {
    std::vector<Seen> seen;
    const TimePoint now = Backend::now();
    while (!collect(pool, now, seen)) seen.reserve(seen.capacity() * 2 + 1);
    std::vector<EndpointStats> all;
    all.reserve(seen.size());
    for (Seen& each : seen) {
      each.stats.server = Types::Calls::describe(pool.settings().connector, each.target);
      if (each.failure != nullptr) each.stats.last_error = each.failure->message;
      all.push_back(std::move(each.stats));
    }
    return all;
  }

 private:
  struct Seen {
    Target target;
    FailurePointer failure;
    EndpointStats stats;
  };

  /// False: there is no room for all of them.
  [[nodiscard]] static bool collect(Lifecycle& pool, TimePoint now, std::vector<Holder>& into) {
    auto state = pool.access();
    if (state->inventory.slots.in_use() > into.capacity()) return false;
    for (const auto& slot : state->inventory.slots) {
      if (slot.state == SlotState::leased) into.push_back(holder_of(slot, now));
    }
    return true;
  }
  [[nodiscard]] static bool collect(Lifecycle& pool, TimePoint now, std::vector<Seen>& into) {
    auto state = pool.access();
    std::size_t count = 0;
    state->inventory.endpoints.for_each([&](const auto&) { ++count; });
    if (count > into.capacity()) return false;
    state->inventory.endpoints.for_each(
        [&](const auto& endpoint) { into.push_back({*endpoint.target, endpoint.failure, stats_of(endpoint, now)}); });
    return true;
  }
  [[nodiscard]] static EndpointStats stats_of(const Endpoint<Types>& endpoint, TimePoint now) noexcept {
    EndpointStats stats;
    stats.connections = endpoint.slots;
    stats.idle = endpoint.idle.size();
    stats.connecting = endpoint.connecting + endpoint.outdated;
    stats.waiting = endpoint.waiters.size();
    if (const auto* const first = endpoint.waiters.front())
      stats.oldest_wait = std::max(Duration::zero(), now - first->since);
    stats.breaker = state_of(endpoint.breaker, now);
    if (stats.breaker == BreakerState::open) stats.retry_after = endpoint.breaker.retry_at() - now;
    return stats;
  }
  [[nodiscard]] static BreakerState state_of(const CircuitBreaker& breaker, TimePoint now) noexcept {
    if (breaker.closed()) return BreakerState::closed;
    return breaker.open(now) ? BreakerState::open : BreakerState::half_open;
  }
};

}  // namespace carpool::inline v0_1::detail

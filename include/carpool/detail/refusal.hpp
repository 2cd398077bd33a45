/// Why an acquire gives no connection: plain facts, copied under the lock, from which its error is made after the lock.
#pragma once

#include <carpool/detail/oldest_holders.hpp>
#include <carpool/detail/state/connect_failure.hpp>
#include <carpool/detail/state/pool_state.hpp>
#include <carpool/errors.hpp>
#include <carpool/pool_stats.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace carpool::inline v0_1::detail {

struct Refusal {
  PoolErrc why = PoolErrc::interrupted;
  FailurePointer failure;  // of the endpoint's last connect, or of the one that was waited for
  TimePoint now{};
  Duration length{};                       // waited so far; where the breaker is open: until the next try
  PoolStats stats;                         // the rest for time-outs alone, but for `waiting`
  OldestHolders holders;                   // of the slots that were looked at
  std::size_t holders_total = 0;           // leases out, in the whole pool
  bool connecting = false;                 // to the endpoint that was asked for
  std::optional<Duration> connecting_for;  // the oldest of these connects, if it was seen
};

/// Under the lock: who has the connections, and what is being connected. Looks at no more than a few hundred slots, so
/// that the lock is not held for longer in a larger pool.
template <class Types>
void look_around(PoolState<Types>& state, const Endpoint<Types>& endpoint, Refusal& refusal) noexcept {
  constexpr std::size_t most = 256;
  refusal.stats = state.snapshot();
  refusal.connecting = endpoint.connecting > 0;
  std::size_t looked_at = 0;
  for (const auto& slot : state.inventory.slots) {
    if (++looked_at > most) {
      refusal.holders_total = refusal.stats.in_use;
      return;
    }
    const TimePoint since = slot.lease.since();
    if (slot.state == SlotState::leased) {
      refusal.holders.add(holder_of(slot, refusal.now));
      ++refusal.holders_total;
    } else if (slot.state == SlotState::connecting && slot.endpoint == &endpoint) {
      refusal.connecting_for = std::max(refusal.connecting_for.value_or(Duration::zero()), refusal.now - since);
    }
  }
}

}  // namespace carpool::inline v0_1::detail

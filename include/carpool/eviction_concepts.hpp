/// What an eviction may say beyond what EvictionPolicy asks: when, why, and what its answer depends on.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/observer.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <concepts>

// The rules that every eviction here keeps, and that tests/conformance/eviction_conformance.hpp checks for yours:
// - expired(slot, now) holds from due(slot) on and not a nanosecond earlier; due is `never` where no time ends it and
//   TimePoint::min() where the slot is over already. At the instant `never` itself nothing is asked.
// - What is expired stays expired, whatever time passes.
// - Slot::idle_since means idleness only while the slot is idle; the pool sets it to now before it asks on release.
// - by_times_alone, where it is there and true, promises that due does not depend on Slot::uses.
// - Cost: some additions and comparisons, no clock, no lock; threads: const, so any worker may ask at any time.

namespace carpool::inline v0_1 {

// Each reason stands on the line of its requirement, as in concepts.hpp.
// clang-format off

/// An eviction that counts a length of time from one moment of the slot: what Jittered can shorten.
template <class E>
concept TimedEviction = EvictionPolicy<E> && requires(const E& eviction, const Slot& slot) {
  { eviction.length() } noexcept -> std::same_as<Duration>;            // A timed eviction needs Duration length() const noexcept: what Jittered shortens
  { eviction.counts_from(slot) } noexcept -> std::same_as<TimePoint>;  // A timed eviction needs TimePoint counts_from(const Slot&) const noexcept: where its length begins
};

/// An eviction whose due() depends on when alone, and not on Slot::uses: static constexpr bool by_times_alone = true.
/// It is not asked again about a connection that comes back within a tick of the coarse clock.
template <class E>
concept DueByTimesAlone = EvictionPolicy<E> && requires {
  requires E::by_times_alone;
};

namespace detail {

/// None of its members throws; what is made of such parts alone does not either.
template <class E>
concept NothrowEviction = requires(const E& eviction, const Slot& slot, TimePoint now) {
  { eviction.expired(slot, now) } noexcept;
  requires !TellsReason<E> || requires { { eviction.reason(slot, now) } noexcept; };
  requires !TellsWhenDue<E> || requires { { eviction.due(slot) } noexcept; };
};

}  // namespace detail
// clang-format on

/// Why this slot, which the eviction calls expired at `now`, is closed: CloseReason::expired unless it says otherwise.
template <EvictionPolicy Eviction>
[[nodiscard]] constexpr CloseReason reason_of(const Eviction& eviction, const Slot& slot,
                                              TimePoint now) noexcept(detail::NothrowEviction<Eviction>) {
  if constexpr (TellsReason<Eviction>) return eviction.reason(slot, now);
  return CloseReason::expired;
}

}  // namespace carpool::inline v0_1

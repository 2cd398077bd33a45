/// A connection's life as a table: the states of a slot, and what leads from one to another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace carpool::inline v0_1::detail {

/// A connection in the worker cache is leased: its worker puts it there and takes it again without the pool's lock, so
/// no state that the lock guards could tell. WorkerCacheEntry alone knows; PoolStats counts it as idle. A connection
/// that its acquirer looks at is leased too, because that look needs no lock either.
enum class SlotState : std::uint8_t {
  empty,       ///< free: a connect may reserve it
  connecting,  ///< reserved: one background job is opening its connection
  idle,        ///< in its endpoint's Queue
  leased,      ///< owned by one lease, one acquirer that looks whether it is good, or one worker's cache entry
  refreshing,  ///< owned by its endpoint's list of refreshes, then by one job that pings or resets it
  closing,     ///< owned by its endpoint's closing list, then by one job that closes it
};
inline constexpr std::size_t slot_state_count = 6;

/// Each leads to one state, wherever it comes from.
enum class SlotEvent : std::uint8_t {
  reserved,     ///< a connect begins
  failed,       ///< the connect has failed
  kept,         ///< new or come back, it is good and wanted
  taken,        ///< by an acquirer, or granted to a waiter, perhaps after the ping that it waited for
  refresh_due,  ///< a background worker is to ping or reset it
  close_due,    ///< it cannot stay: expired, dead, surplus, retired ...
  detached,     ///< its lease took the connection out of the pool
  destroyed,    ///< the connection is gone
};
inline constexpr std::size_t slot_event_count = 8;

struct SlotTransition {
  SlotState from;
  SlotEvent event;
  SlotState to;
};

/// docs/slot-states.md explains each row; docs/tools/slot_states.py compares the two.
inline constexpr std::array slot_transitions = {
    SlotTransition{SlotState::empty, SlotEvent::reserved, SlotState::connecting},
    SlotTransition{SlotState::connecting, SlotEvent::failed, SlotState::empty},
    SlotTransition{SlotState::connecting, SlotEvent::kept, SlotState::idle},
    SlotTransition{SlotState::connecting, SlotEvent::close_due, SlotState::closing},
    SlotTransition{SlotState::idle, SlotEvent::taken, SlotState::leased},
    SlotTransition{SlotState::idle, SlotEvent::refresh_due, SlotState::refreshing},
    SlotTransition{SlotState::idle, SlotEvent::close_due, SlotState::closing},
    SlotTransition{SlotState::leased, SlotEvent::kept, SlotState::idle},
    SlotTransition{SlotState::leased, SlotEvent::refresh_due, SlotState::refreshing},
    SlotTransition{SlotState::leased, SlotEvent::close_due, SlotState::closing},
    SlotTransition{SlotState::leased, SlotEvent::detached, SlotState::empty},
    SlotTransition{SlotState::leased, SlotEvent::destroyed, SlotState::empty},
    SlotTransition{SlotState::refreshing, SlotEvent::kept, SlotState::idle},
    SlotTransition{SlotState::refreshing, SlotEvent::taken, SlotState::leased},
    SlotTransition{SlotState::refreshing, SlotEvent::close_due, SlotState::closing},
    SlotTransition{SlotState::closing, SlotEvent::destroyed, SlotState::empty},
};

/// By event: where it leads, and from which states, one bit each; so that a change of state looks up a constant.
struct SlotEventFacts {
  SlotState to = SlotState::empty;
  unsigned from = 0;
};
inline constexpr std::array<SlotEventFacts, slot_event_count> slot_event_facts = [] {
  std::array<SlotEventFacts, slot_event_count> facts{};
  for (const SlotTransition& each : slot_transitions) {
    SlotEventFacts& event = facts[static_cast<std::size_t>(each.event)];
    event.to = each.to;
    event.from |= 1U << static_cast<unsigned>(each.from);
  }
  return facts;
}();

[[nodiscard]] constexpr SlotState state_after(SlotEvent event) noexcept {
  return slot_event_facts[static_cast<std::size_t>(event)].to;
}
/// What the event makes of a slot in that state; nothing: it cannot happen there.
[[nodiscard]] constexpr std::optional<SlotState> next(SlotState state, SlotEvent event) noexcept {
  const unsigned from = slot_event_facts[static_cast<std::size_t>(event)].from;
  return (from >> static_cast<unsigned>(state) & 1U) != 0 ? std::optional(state_after(event)) : std::nullopt;
}

/// Leased or being refreshed: what PoolStats calls in use, but for what is cached.
[[nodiscard]] constexpr bool is_in_use(SlotState state) noexcept {
  return state == SlotState::leased || state == SlotState::refreshing;
}

/// Each row leads where its event leads, and no two rows begin alike.
[[nodiscard]] consteval bool slot_transitions_agree() {
  for (const SlotTransition& each : slot_transitions) {
    if (each.to != state_after(each.event) || next(each.from, each.event) != each.to) return false;
  }
  return true;
}
static_assert(slot_transitions_agree());
static_assert(next(SlotState::empty, SlotEvent::taken) == std::nullopt, "what is not there cannot be leased");
static_assert(next(SlotState::leased, SlotEvent::taken) == std::nullopt, "law 2: one slot, one owner");
static_assert(next(SlotState::closing, SlotEvent::kept) == std::nullopt, "what is to be closed never comes back");
static_assert(next(SlotState::idle, SlotEvent::destroyed) == std::nullopt, "law 1: closing keeps its slot to the end");

}  // namespace carpool::inline v0_1::detail

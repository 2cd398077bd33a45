// sanitizers: not thread
/// A connection's life, on plain values.
#include <carpool/detail/state/slot_state.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

namespace {

using carpool::detail::is_in_use;
using carpool::detail::next;
using carpool::detail::slot_event_count;
using carpool::detail::slot_state_count;
using carpool::detail::SlotEvent;
using carpool::detail::SlotState;
using carpool::detail::state_after;

constexpr SlotState state(std::size_t i) { return static_cast<SlotState>(i); }
constexpr SlotEvent event(std::size_t i) { return static_cast<SlotEvent>(i); }

/// The state at the end of a life that begins empty; nothing where it breaks off.
constexpr std::optional<SlotState> live(std::initializer_list<SlotEvent> events) {
  std::optional<SlotState> now = SlotState::empty;
  for (const SlotEvent each : events) {
    if (now) now = next(*now, each);
  }
  return now;
}

TEST(SlotStates, AConnectionIsOpenedLeasedAndClosed) {
  static_assert(live({SlotEvent::reserved}) == SlotState::connecting);
  static_assert(live({SlotEvent::reserved, SlotEvent::kept}) == SlotState::idle);
  static_assert(live({SlotEvent::reserved, SlotEvent::kept, SlotEvent::taken}) == SlotState::leased);
  static_assert(live({SlotEvent::reserved, SlotEvent::kept, SlotEvent::taken, SlotEvent::kept}) == SlotState::idle);
  EXPECT_EQ(live({SlotEvent::reserved, SlotEvent::kept, SlotEvent::close_due, SlotEvent::destroyed}), SlotState::empty);
}

TEST(SlotStates, AConnectThatFailsOrIsUnwantedFreesItsSlot) {
  EXPECT_EQ(live({SlotEvent::reserved, SlotEvent::failed}), SlotState::empty);
  EXPECT_EQ(live({SlotEvent::reserved, SlotEvent::close_due, SlotEvent::destroyed}), SlotState::empty);
}

TEST(SlotStates, ARefreshBeginsIdleOrAfterALease) {
  EXPECT_EQ(live({SlotEvent::reserved, SlotEvent::kept, SlotEvent::refresh_due}), SlotState::refreshing);
  EXPECT_EQ(live({SlotEvent::reserved, SlotEvent::kept, SlotEvent::taken, SlotEvent::refresh_due}),
            SlotState::refreshing);
  EXPECT_EQ(next(SlotState::refreshing, SlotEvent::kept), SlotState::idle);
  EXPECT_EQ(next(SlotState::refreshing, SlotEvent::close_due), SlotState::closing);
  EXPECT_EQ(next(SlotState::refreshing, SlotEvent::taken), SlotState::leased) << "it was pinged for a waiter";
}

TEST(SlotStates, OnlyALeaseTakesItsConnectionAway) {
  for (std::size_t i = 0; i < slot_state_count; ++i)
    EXPECT_EQ(next(state(i), SlotEvent::detached).has_value(), state(i) == SlotState::leased) << "state " << i;
}

TEST(SlotStates, EachEventLeadsToOneState) {
  for (std::size_t e = 0; e < slot_event_count; ++e) {
    std::set<SlotState> reached;
    for (std::size_t i = 0; i < slot_state_count; ++i) {
      if (const auto to = next(state(i), event(e))) reached.insert(*to);
    }
    EXPECT_EQ(reached, std::set{state_after(event(e))}) << "event " << e;
  }
}

TEST(SlotStates, NoEventLeavesASlotWhereItIs) {
  for (std::size_t i = 0; i < slot_state_count; ++i) {
    for (std::size_t e = 0; e < slot_event_count; ++e) EXPECT_NE(next(state(i), event(e)), state(i));
  }
}

/// From wherever a slot is, its life can end.
TEST(SlotStates, EachLeadsToEmptyInTheEnd) {
  for (std::size_t i = 0; i < slot_state_count; ++i) {
    std::set<SlotState> reached{state(i)};
    std::vector<SlotState> open{state(i)};
    while (!open.empty()) {
      const SlotState from = open.back();
      open.pop_back();
      for (std::size_t e = 0; e < slot_event_count; ++e) {
        const auto to = next(from, event(e));
        if (to && reached.insert(*to).second) open.push_back(*to);
      }
    }
    EXPECT_TRUE(reached.contains(SlotState::empty)) << "state " << i;
  }
}

TEST(SlotStates, InUseIsWhatALeaseOrARefreshHolds) {
  for (std::size_t i = 0; i < slot_state_count; ++i)
    EXPECT_EQ(is_in_use(state(i)), state(i) == SlotState::leased || state(i) == SlotState::refreshing);
}

}  // namespace

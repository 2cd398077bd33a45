// needs: simulation_backend
// The end of a pool, and what it is told as a whole, in every interleaving.
#include "scenarios_endings.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

// Those that are about callers alone are searched once more, with the pool's own tasks out of their way.
constexpr ExploringBudget among_callers{.random = 1'000, .priorities = 1'000};

TEST(SimulatedEndings, CloseTellsEverybodyAtOnce) { expect_holds(close_against_everything<B>); }
TEST(SimulatedEndings, CloseMayMeetADeadline) { expect_holds(close_meets_a_deadline<B>); }
TEST(SimulatedEndings, TwoMayClose) { expect_holds(closed_twice<B>); }
TEST(SimulatedEndings, APoolMayBeDestroyedBesideARejection) {
  expect_holds([] { destroyed_beside_a_rejection<B>(1ms); });
}
TEST(SimulatedEndings, APoolMayBeDestroyedBesideTheRejectionOfAGrant) {
  expect_holds([] { destroyed_beside_a_rejection<B>(0ms); });
}
TEST(SimulatedEndings, APoolMayBeDestroyedWithWaiters) { expect_holds(destroyed_with_waiters<B>); }
TEST(SimulatedEndings, LeasesMayOutliveThePool) { expect_holds(leases_outlive_the_pool<B>); }
TEST(SimulatedEndings, APoolMayBeDestroyedAtOnce) { expect_holds(destroyed_at_once<B>); }
TEST(SimulatedEndings, DrainWaitsForThoseWhoAreOut) { expect_holds(drain_against_releases<B>); }
TEST(SimulatedEndings, DrainGivesUpAtItsDeadline) { expect_holds(drain_gives_up<B>, {.preemptions = 4}); }
TEST(SimulatedEndings, RetireAllBesideCallers) { expect_holds(retire_all_against_callers<B>); }
TEST(SimulatedEndings, RetireAllDuringAConnect) { expect_holds(retire_all_against_a_connect<B>); }
TEST(SimulatedEndings, RetirementIsSpreadOverATime) { expect_holds(retired_over_a_time<B>); }
TEST(SimulatedEndings, RetirementIsSpreadOverATimeBesideCallers) { expect_holds(retired_over_a_time_in_use<B>); }
TEST(SimulatedEndings, ResizeLeavesNobodyBehind) { expect_holds(resized_under_callers<B>); }
TEST(SimulatedEndings, WhatIsGivenBackBeyondMaxSizeGoes) { expect_holds(shrunk_while_all_are_out<B>); }
TEST(SimulatedEndings, MoreRoomIsSeenByThoseWhoWait) { expect_holds(enlarged_for_a_waiter<B>); }
TEST(SimulatedEndings, ResumeWakesEverybody) { expect_holds(suspended_and_resumed<B>); }
TEST(SimulatedEndings, ClearTakesNothingFromCallers) { expect_holds(cleared_beside_callers<B>); }

TEST(SimulatedEndingsAmongCallers, TwoMayClose) { expect_holds(closed_twice<B, true>, among_callers); }
TEST(SimulatedEndingsAmongCallers, RetireAllBesideCallers) {
  expect_holds(retire_all_against_callers<B, true>, among_callers);
}
TEST(SimulatedEndingsAmongCallers, ResumeWakesEverybody) {
  expect_holds(suspended_and_resumed<B, true>, among_callers);
}
TEST(SimulatedEndingsAmongCallers, ClearTakesNothingFromCallers) {
  expect_holds(cleared_beside_callers<B, true>, among_callers);
}

}  // namespace

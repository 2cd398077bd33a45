// needs: simulation_backend
// Callers in line, in every interleaving.
#include "scenarios_waiting.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

// Few choices are left to these.
constexpr ExploringBudget deeper{.preemptions = 4};
// Those that are about callers alone are searched once more, with the pool's own tasks out of their way.
constexpr ExploringBudget among_callers{.random = 1'000, .priorities = 1'000};

TEST(SimulatedWaiting, AReleaseThatRacesWithAnAcquireIsNotMissed) { expect_holds(release_races_with_acquire<B>); }
TEST(SimulatedWaiting, ThreeWhoShareTwoAreAllServed) { expect_holds(three_share_two<B>); }
TEST(SimulatedWaiting, AWaiterThatLeavesAtTheMomentOfAHandOverPassesItOn) {
  expect_holds([] { deadline_meets_hand_over<B>(0ms); }, deeper);
}
TEST(SimulatedWaiting, AWaiterThatLeavesAfterItWasToldToLookPassesThatOn) {
  expect_holds([] { deadline_meets_hand_over<B>(1s); }, deeper);
}
TEST(SimulatedWaiting, ATokenThatIsLeftMisleadsNobody) {
  constexpr ExploringBudget deep{.preemptions = 3,
                                 .depth_first = 30'000,
                                 .early_timers = 0,
                                 .memory = carpool::SimulatedMemory::sequential,
                                 .coarse = false};
  expect_holds(a_token_is_left<B>, deep);
}
TEST(SimulatedWaiting, ExpiredWaitersArePassedOver) {
  expect_holds(expired_waiters_are_passed_over<B>, {.preemptions = 3});
}
TEST(SimulatedWaiting, FirstComeIsFirstServed) { expect_holds(first_come_first_served<B>, deeper); }
TEST(SimulatedWaiting, ARobbedWaiterKeepsItsTurn) { expect_holds(robbed_waiters_keep_their_turn<B>); }
TEST(SimulatedWaiting, TheOverdueAreNotOvertaken) { expect_holds(the_overdue_are_not_overtaken<B>); }
TEST(SimulatedWaiting, TheSlowAreNotOverdueBeforeOthers) { expect_holds(slow_on_the_way_to_the_line<B>); }
TEST(SimulatedWaiting, NestedAcquiresEnd) { expect_holds(nested_acquires_end<B>); }
TEST(SimulatedWaiting, TryAcquireTakesNothingFromThoseWhoWait) { expect_holds(try_acquire_beside_waiters<B>); }
TEST(SimulatedWaiting, EveryPlaceComesBack) { expect_holds(slots_are_not_lost<B>); }
TEST(SimulatedWaiting, NoMoreWaitersThanAllowed) { expect_holds(no_more_waiters_than_allowed<B>); }
TEST(SimulatedWaiting, WhatIsGivenBackIsThereAtOnce) { expect_holds(what_is_given_back_is_there_at_once<B>); }
TEST(SimulatedWaiting, AnExceptionCostsItsConnection) { expect_holds(an_exception_costs_its_connection<B>); }

TEST(SimulatedWaitingAmongCallers, AReleaseThatRacesWithAnAcquireIsNotMissed) {
  expect_holds(release_races_with_acquire<B, true>, among_callers);
}
TEST(SimulatedWaitingAmongCallers, NestedAcquiresEnd) { expect_holds(nested_acquires_end<B, true>, among_callers); }
TEST(SimulatedWaitingAmongCallers, TryAcquireTakesNothingFromThoseWhoWait) {
  expect_holds(try_acquire_beside_waiters<B, true>, among_callers);
}
TEST(SimulatedWaitingAmongCallers, NoMoreWaitersThanAllowed) {
  expect_holds(no_more_waiters_than_allowed<B, true>, among_callers);
}

}  // namespace

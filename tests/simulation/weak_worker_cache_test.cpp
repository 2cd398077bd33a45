// needs: simulation_backend
// Whole pools in a memory of views: connections that rest in entries, and connections that are handed over.
#include "scenarios_waiting.hpp"
#include "scenarios_worker_cache.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;
using Bag = carpool::AffineBag;

// The parts by themselves are searched to the end, and without each of their orders, in cache_entry_test and
// orders_test.
constexpr ExploringBudget views{
    .depth_first = 4'000, .random = 1'500, .priorities = 1'500, .memory = carpool::SimulatedMemory::views};

TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, ANewcomerGetsWhatRests) {
  expect_holds(a_newcomer_wants_what_rests<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, ANewcomerDoesNotSleepBesideWhatRests) {
  expect_holds(a_newcomer_waits_while_one_comes_back<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, NothingStaysInAClosedPool) {
  expect_holds(closed_while_one_comes_and_goes<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, NothingOldStays) {
  expect_holds(retired_while_one_comes_and_goes<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, NothingSurplusStays) {
  expect_holds(shrunk_while_two_come_and_go<B, carpool::LifoStack>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, ThePoolIsDestroyedMeanwhile) {
  expect_holds(destroyed_while_one_comes_back<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, WhatRestsTooLongIsEvicted) {
  expect_holds(what_rests_too_long_is_evicted<B, Bag>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, TwoEntriesAndANewcomer) {
  expect_holds(two_entries_and_a_newcomer<B>, views);
}
TEST(SimulatedWorkerCacheOnWeaklyOrderedMachines, AnotherMayGiveBack) { expect_holds(given_back_by_another<B>, views); }

TEST(SimulatedWaitingOnWeaklyOrderedMachines, AReleaseThatRacesWithAnAcquireIsNotMissed) {
  expect_holds(release_races_with_acquire<B>, views);
}
TEST(SimulatedWaitingOnWeaklyOrderedMachines, AWaiterThatLeavesAtTheMomentOfAHandOverPassesItOn) {
  expect_holds([] { deadline_meets_hand_over<B>(0ms); }, views);
}
TEST(SimulatedWaitingOnWeaklyOrderedMachines, ATokenThatIsLeftMisleadsNobody) {
  expect_holds(a_token_is_left<B>, views);
}
TEST(SimulatedWaitingOnWeaklyOrderedMachines, ARobbedWaiterKeepsItsTurn) {
  expect_holds(robbed_waiters_keep_their_turn<B>, views);
}

}  // namespace

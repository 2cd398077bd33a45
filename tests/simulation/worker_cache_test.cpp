// needs: simulation_backend
// Workers at their entries, in every interleaving, with stores that others see late.
#include <carpool/fifo_queue.hpp>

#include "scenarios_worker_cache.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

// The one entry of cache_entry_test.cpp is explored to the end; here are whole pools, whose runs are long.
constexpr ExploringBudget budget{.depth_first = 12'000, .random = 3'000, .priorities = 3'000};
constexpr ExploringBudget deeper{.preemptions = 4, .random = 3'000, .priorities = 3'000};  // few choices are left

template <class Queue>
class SimulatedWorkerCache : public testing::Test {};
using Queues = testing::Types<carpool::AffineBag, carpool::LifoStack>;
TYPED_TEST_SUITE(SimulatedWorkerCache, Queues);

TYPED_TEST(SimulatedWorkerCache, ANewcomerGetsWhatRests) {
  expect_holds(a_newcomer_wants_what_rests<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, ANewcomerDoesNotSleepBesideWhatRests) {
  expect_holds(a_newcomer_waits_while_one_comes_back<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, WhatRestsIsThereForAll) {
  expect_holds(what_rests_is_there_for_all<B, TypeParam>, deeper);
}
TYPED_TEST(SimulatedWorkerCache, NothingStaysInAClosedPool) {
  expect_holds(closed_while_one_comes_and_goes<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, NothingOldStays) {
  expect_holds(retired_while_one_comes_and_goes<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, NothingSurplusStays) {
  expect_holds(shrunk_while_two_come_and_go<B, TypeParam>, deeper);
}
TYPED_TEST(SimulatedWorkerCache, ASuspendedPoolGivesNone) {
  expect_holds(suspended_while_one_comes_and_goes<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, ThePoolIsDestroyedMeanwhile) {
  ExploringBudget unstopped = budget;
  unstopped.stops = 0;  // the destructor looks at the entries of those who are stopped again and again
  expect_holds(destroyed_while_one_comes_back<B, TypeParam>, unstopped);
}
TYPED_TEST(SimulatedWorkerCache, WhatRestsIsForOneTarget) {
  expect_holds(two_targets_share_an_entry<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedWorkerCache, WhatRestsMakesRoom) { expect_holds(two_targets_share_a_slot<B, TypeParam>, budget); }
TYPED_TEST(SimulatedWorkerCache, WhatRestsTooLongIsEvicted) {
  expect_holds(what_rests_too_long_is_evicted<B, TypeParam>, budget);
}
TEST(SimulatedReaper, WhatIsIdleTooLongIsEvicted) {
  expect_holds(what_rests_too_long_is_evicted<B, carpool::FifoQueue>, budget);
}

TEST(SimulatedCacheEntry, TwoEntriesAndANewcomer) { expect_holds(two_entries_and_a_newcomer<B>, budget); }
TEST(SimulatedCacheEntry, AnotherMayGiveBack) { expect_holds(given_back_by_another<B>, budget); }

}  // namespace

// needs: simulation_backend
// Workers at their seats, in every interleaving, with stores that others see late.
#include <carpool/fifo_queue.hpp>

#include "scenarios_seats.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

// The one seat of seat_test.cpp is explored to the end; here are whole pools, whose runs are long.
constexpr ExploringBudget budget{.depth_first = 12'000, .random = 3'000, .priorities = 3'000};
constexpr ExploringBudget deeper{.preemptions = 4, .random = 3'000, .priorities = 3'000};  // few choices are left

template <class Queue>
class SimulatedSeats : public testing::Test {};
using Queues = testing::Types<carpool::AffineBag, carpool::LifoStack>;
TYPED_TEST_SUITE(SimulatedSeats, Queues);

TYPED_TEST(SimulatedSeats, ANewcomerGetsWhatRests) { expect_holds(a_newcomer_wants_what_rests<B, TypeParam>, budget); }
TYPED_TEST(SimulatedSeats, ANewcomerDoesNotSleepBesideWhatRests) {
  expect_holds(a_newcomer_waits_while_one_comes_back<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedSeats, WhatRestsIsThereForAll) { expect_holds(what_rests_is_there_for_all<B, TypeParam>, deeper); }
TYPED_TEST(SimulatedSeats, NothingStaysInAClosedPool) {
  expect_holds(closed_while_one_comes_and_goes<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedSeats, NothingOldStays) { expect_holds(retired_while_one_comes_and_goes<B, TypeParam>, budget); }
TYPED_TEST(SimulatedSeats, NothingSurplusStays) { expect_holds(shrunk_while_two_come_and_go<B, TypeParam>, deeper); }
TYPED_TEST(SimulatedSeats, ASuspendedPoolGivesNone) {
  expect_holds(suspended_while_one_comes_and_goes<B, TypeParam>, budget);
}
TYPED_TEST(SimulatedSeats, ThePoolIsDestroyedMeanwhile) {
  ExploringBudget unstopped = budget;
  unstopped.stops = 0;  // the destructor looks at the seats of those who are stopped again and again
  expect_holds(destroyed_while_one_comes_back<B, TypeParam>, unstopped);
}
TYPED_TEST(SimulatedSeats, WhatRestsIsForOneTarget) { expect_holds(two_targets_share_a_seat<B, TypeParam>, budget); }
TYPED_TEST(SimulatedSeats, WhatRestsMakesRoom) { expect_holds(two_targets_share_a_slot<B, TypeParam>, budget); }
TYPED_TEST(SimulatedSeats, WhatRestsTooLongIsEvicted) {
  expect_holds(what_rests_too_long_is_evicted<B, TypeParam>, budget);
}
TEST(SimulatedUpkeep, WhatIsIdleTooLongIsEvicted) {
  expect_holds(what_rests_too_long_is_evicted<B, carpool::FifoQueue>, budget);
}

TEST(SimulatedSeat, TwoSeatsAndANewcomer) { expect_holds(seats_beside_a_newcomer<B>, budget); }
TEST(SimulatedSeat, AnotherMayGiveBack) { expect_holds(given_back_by_another<B>, budget); }

}  // namespace

// needs: simulation_backend
// One seat by itself, with stores that others see late, and in a memory of views, to the end.
#include "seat_bench.hpp"

#include "simulation_explore.hpp"

namespace {

constexpr ExploringBudget late_stores{.preemptions = 4, .depth_first = 60'000};
constexpr ExploringBudget views{.preemptions = 5, .depth_first = 60'000, .memory = carpool::SimulatedMemory::views};

TEST(SimulatedSeat, OpensAndClosesBesideItsOwner) {
  expect_holds(a_seat_opens_and_closes_beside_its_owner, late_stores);
}
TEST(SimulatedSeat, OpensAndClosesBesideItsOwnerOnWeaklyOrderedMachines) {
  expect_holds(a_seat_opens_and_closes_beside_its_owner, views);
}
TEST(SimulatedSeat, ClosesWhileTwoComeBackOnWeaklyOrderedMachines) {
  expect_holds(a_seat_closes_while_two_come_back, late_stores);
  expect_holds(a_seat_closes_while_two_come_back, views);
}
TEST(SimulatedSeat, GoesWhenItsOwnerHasGoneOnWeaklyOrderedMachines) {
  expect_holds(a_seat_goes_when_its_owner_has_gone, late_stores);
  expect_holds(a_seat_goes_when_its_owner_has_gone, views);
}

}  // namespace

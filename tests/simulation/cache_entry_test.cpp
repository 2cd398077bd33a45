// needs: simulation_backend
// One entry by itself, with stores that others see late, and in a memory of views, to the end.
#include "cache_bench.hpp"

#include "simulation_explore.hpp"

namespace {

constexpr ExploringBudget late_stores{.preemptions = 4, .depth_first = 60'000};
constexpr ExploringBudget views{.preemptions = 5, .depth_first = 60'000, .memory = carpool::SimulatedMemory::views};

TEST(SimulatedCacheEntry, OpensAndClosesBesideItsOwner) {
  expect_holds(an_entry_opens_and_closes_beside_its_owner, late_stores);
}
TEST(SimulatedCacheEntry, OpensAndClosesBesideItsOwnerOnWeaklyOrderedMachines) {
  expect_holds(an_entry_opens_and_closes_beside_its_owner, views);
}
TEST(SimulatedCacheEntry, ClosesWhileTwoComeBackOnWeaklyOrderedMachines) {
  expect_holds(an_entry_closes_while_two_come_back, late_stores);
  expect_holds(an_entry_closes_while_two_come_back, views);
}
TEST(SimulatedCacheEntry, GoesWhenItsOwnerHasGoneOnWeaklyOrderedMachines) {
  expect_holds(an_entry_goes_when_its_owner_has_gone, late_stores);
  expect_holds(an_entry_goes_when_its_owner_has_gone, views);
}

}  // namespace

// needs: simulation_backend
// Workers that are stopped for long, in every interleaving; the other suites have such a search as well.
#include "scenarios_stopped.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

constexpr ExploringBudget stopped{.random = 2'000, .priorities = 2'000, .depth_first_with_stops = 12'000};

TEST(SimulatedStops, AFirstInLineThatDoesNotRunHoldsUpNobody) {
  expect_holds(the_first_in_line_does_not_run<B>, stopped);
}
TEST(SimulatedStops, ARejectedWaiterIsNotHeldUpByTheFirst) {
  expect_holds(the_second_comes_back_behind_it<B>, stopped);
}
TEST(SimulatedStops, ACloserThatDoesNotRunLeavesNobodyAsleep) { expect_holds(who_closes_does_not_run<B>, stopped); }

}  // namespace

// needs: simulation_backend
// One seat by itself, with stores that others see late, to the end.
#include "seat_bench.hpp"

#include "simulation_explore.hpp"

namespace {

TEST(SimulatedSeat, OpensAndClosesBesideItsOwner) {
  expect_holds(a_seat_opens_and_closes_beside_its_owner, {.preemptions = 4, .depth_first = 60'000});
}

}  // namespace

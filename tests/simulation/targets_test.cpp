// needs: simulation_backend
// One pool for many endpoints, one of which is in trouble, in every interleaving.
#include "scenarios_targets.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

constexpr ExploringBudget budget{.random = 2'000, .priorities = 2'000};

TEST(SimulatedTargets, AConnectThatHangsHoldsUpNoOtherTarget) {
  expect_holds(a_connect_that_hangs_beside_another_target<B>, budget);
}
TEST(SimulatedTargets, ASeriesThatRestsHoldsUpNoOtherTarget) {
  expect_holds(a_series_that_rests_beside_another_target<B>, budget);
}
TEST(SimulatedTargets, ProbesOfDeadTargetsHoldUpNoOther) {
  expect_holds(probes_of_dead_targets_beside_another<B>, budget);
}
TEST(SimulatedTargets, ProbesLeavePlacesToOthers) { expect_holds(probes_leave_places_to_others<B>, budget); }
TEST(SimulatedTargets, ResetsThatHangHoldUpNoOtherTarget) {
  expect_holds(resets_that_hang_beside_another_target<B>, budget);
}
TEST(SimulatedTargets, GoodbyesThatHangHoldUpNoOtherTarget) {
  expect_holds(goodbyes_that_hang_beside_another_target<B>, budget);
}
TEST(SimulatedTargets, RoomIsMadeForAllAtOnce) { expect_holds(room_is_made_for_all_at_once<B>, budget); }
TEST(SimulatedTargets, CloseTellsAllWhoWaitForATarget) { expect_holds(closed_while_two_wait_for_a_target<B>, budget); }
TEST(SimulatedTargets, ARequestThatCannotBeGrantedIsForgotten) {
  expect_holds(a_request_that_cannot_be_granted_is_forgotten<B>, budget);
}
TEST(SimulatedTargets, ARequestThatComesTooLateIsForgotten) {
  expect_holds(a_request_that_comes_too_late_is_forgotten<B>, budget);
}
TEST(SimulatedTargets, ARejectionBesideAFailedConnectRemembersNoTarget) {
  expect_holds(a_rejection_beside_a_failed_connect<B>, budget);
}

}  // namespace

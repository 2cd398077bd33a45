// needs: simulation_backend
// Connects and other calls that fail, in every interleaving.
#include "scenarios_failing.hpp"
#include "scenarios_throwing.hpp"

#include <tuple>

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

TEST(SimulatedFailing, AFailedConnectGivesItsPlaceBack) { expect_holds(a_connect_fails_once<B>); }
TEST(SimulatedFailing, EverybodyWhoWaitsGetsTheError) { expect_holds(connects_fail_for_all_who_wait<B>); }
TEST(SimulatedFailing, AFailureIsToldBesideAHungConnect) { expect_holds(a_failure_is_told_beside_a_hung_connect<B>); }
TEST(SimulatedFailing, AConnectMayFailWhileItsWaitersLeave) { expect_holds(a_connect_fails_while_waiters_leave<B>); }
TEST(SimulatedFailing, ABrokenReturnIsReplacedForWhoWaits) {
  expect_holds(broken_on_return_with_a_waiter<B>, {.preemptions = 3});
}
TEST(SimulatedFailing, ThePoolRefillsWhenEveryConnectionDies) { expect_holds(every_connection_dies<B>); }
TEST(SimulatedFailing, AfterAnOutageTheBreakerClosesAndConnectsRamp) { expect_holds(breaker_and_ramp<B>); }
TEST(SimulatedFailing, ATargetThatIsDownHurtsNoOther) { expect_holds(a_target_is_down<B>); }
TEST(SimulatedFailing, APrewarmThatFailsLeavesNoIdleTargetBehind) { expect_holds(prewarm_fails<B>); }
TEST(SimulatedFailing, NoFailureLosesAPlace) { expect_holds(everything_may_fail<B>); }

/// In turn each call of each kind, as long as there is an n-th one.
class SimulatedFailure : public testing::TestWithParam<std::tuple<ServerCall, int>> {};
TEST_P(SimulatedFailure, CostsAtMostAConnection) {
  const auto [call, nth] = GetParam();
  expect_holds([call = call, nth = nth] { one_call_fails<B>(call, nth); },
               {.preemptions = 1, .depth_first = 3'000, .random = 1'000, .priorities = 1'000});
}
INSTANTIATE_TEST_SUITE_P(OfEachCall, SimulatedFailure,
                         testing::Combine(testing::Values(ServerCall::connect, ServerCall::is_connected,
                                                          ServerCall::ping, ServerCall::reset, ServerCall::reusable,
                                                          ServerCall::invalidate),
                                          testing::Range(1, 4)));

}  // namespace

// needs: simulation_backend
// What is old, what hangs and what is said of it, in every interleaving.
#include "scenarios_troubles.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

constexpr ExploringBudget budget{.random = 2'000, .priorities = 2'000};

TEST(SimulatedTroubles, AnOldConnectIsNobodysSupply) {
  expect_holds([] { retired_while_a_connect_hangs<B>(2); }, budget);
}
TEST(SimulatedTroubles, AnOldConnectLeavesOneToTodays) {
  expect_holds([] { retired_while_a_connect_hangs<B>(1); }, budget);
}
TEST(SimulatedTroubles, PingsLeaveIdleOnesToBeTaken) { expect_holds(many_are_due_at_once<B>, budget); }
TEST(SimulatedTroubles, ATimeOutTellsTheLastError) { expect_holds(timed_out_while_a_series_fails<B>, budget); }
TEST(SimulatedTroubles, WhereNobodyMayWaitThePoolIsOfUse) { expect_holds(nobody_may_wait<B>, budget); }
TEST(SimulatedTroubles, NoBypassWindowIsNone) { expect_holds(pinged_every_time<B>, budget); }
TEST(SimulatedTroubles, GoodbyesThatHangHaveOneDeadline) {
  expect_holds([] { (void)destroyed_while_goodbyes_hang<B>(); }, budget);
}
/// In the searches above the one who destroys is slow, or stopped, itself: how long it takes is told where nobody is.
TEST(SimulatedTroubles, GoodbyesThatHangDoNotAddUp) {
  const auto report = carpool::rehearse([] {
    law<B>(destroyed_while_goodbyes_hang<B>() <= 1100ms,
           "law 16: the destructor waits for one goodbye after the other");
  });
  EXPECT_TRUE(report.ok()) << report.to_string();
}
TEST(SimulatedTroubles, ExceptionsEndOutsideTheLock) { expect_holds(exceptions_end_outside_the_lock<B>, budget); }
TEST(SimulatedTroubles, ADeadTargetIsForgottenOutsideTheLock) {
  expect_holds(a_dead_target_is_forgotten_outside_the_lock<B>, budget);
}
TEST(SimulatedTroubles, ManyAreNotRousedUnderTheLock) { expect_holds(many_are_told_at_once<B>, budget); }

/// The minimum is left alone, however long it is idle.
TEST(SimulatedTroubles, AnIdleTimeoutSparesTheMinimum) {
  const auto report = carpool::rehearse([] {
    Scene<B, SimulatedConnector, carpool::IdleTimeout> scene({.max_size = 4, .min_idle = 2},
                                                             carpool::IdleTimeout{20ms});
    (void)scene.pool().prewarm(4, 1s);
    advance_time<B>(600ms);
    law<B>(scene.pool().stats().idle == 2, "law 12: what is more than the minimum stays");
    law<B>(scene.server().connects == 4, "law 12: the minimum is closed and opened again");
  });
  EXPECT_TRUE(report.ok()) << report.to_string();
}

}  // namespace

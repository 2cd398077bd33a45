// needs: simulation_backend
// The pool's own work beside its callers, in every interleaving.
#include "scenarios_reaper.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

/// The reaper looks every millisecond while somebody is stopped: each run has many steps.
constexpr ExploringBudget beside_a_busy_reaper{.depth_first_with_stops = 100, .random_with_stops = 200};

TEST(SimulatedReaper, TheReaperTakesNothingFromCallers) {
  expect_holds(reaper_against_callers<B>, beside_a_busy_reaper);
}
TEST(SimulatedReaper, WornOutConnectionsAreReplaced) { expect_holds(worn_out_on_return<B>); }
TEST(SimulatedReaper, ASlowResetGivesCapacityBack) {
  expect_holds([] { reset_on_return<B>(true); });
}
TEST(SimulatedReaper, AFailedResetGivesCapacityBack) {
  expect_holds([] { reset_on_return<B>(false); });
}
TEST(SimulatedReaper, StaleConnectionsArePinged) {
  expect_holds([] { pinged_before_use<B>(true); });
}
TEST(SimulatedReaper, ADeadAnswerCondemnsTheOthers) {
  expect_holds([] { pinged_before_use<B>(false); });
}
TEST(SimulatedReaper, ImpatienceCostsNoConnection) { expect_holds(impatient_callers_of_stale_ones<B>); }
TEST(SimulatedReaper, APingThatACallerWaitedForIsGoodEnoughForIt) {
  expect_holds(always_stale_for_the_impatient<B>, {.preemptions = 1, .step_takes = 300us});
}
TEST(SimulatedReaper, AnAnswerIsGoodEnoughAlsoWhenTheClockTicksAtEachStep) {  // it is old when it is handed out
  expect_holds(always_stale_for_the_impatient<B>,
               {.preemptions = 0, .depth_first = 3'000, .random = 1'000, .priorities = 1'000, .step_takes = 1ms});
}
TEST(SimulatedReaper, SlowGoodbyesHoldNobodyUp) { expect_holds(slow_goodbyes<B>); }
TEST(SimulatedReaper, KeepalivesHoldNobodyUp) { expect_holds(keepalive_beside_callers<B>, beside_a_busy_reaper); }
TEST(SimulatedReaper, TheReaperComesAgain) { expect_holds(the_reaper_comes_again<B>, beside_a_busy_reaper); }
TEST(SimulatedReaper, GivingUpBesideSlowGoodbyesCostsNothing) { expect_holds(callers_give_up_beside_slow_goodbyes<B>); }

TEST(SimulatedReaper, APauseCostsNoConnection) {
  expect_holds([] { paused_server<B>(true); });
}
TEST(SimulatedReaper, APauseOpensNoBreaker) {
  expect_holds([] { paused_server<B>(false); });
}
TEST(SimulatedReaper, EachUseBeginsANewIdleTime) {
  const auto report = carpool::rehearse([] {
    Scene<B, SimulatedConnector, carpool::IdleTimeout> scene({.max_size = 1}, carpool::IdleTimeout{1h});
    for (int i = 0; i < 4; ++i) {
      for (int within_a_tick = 0; within_a_tick < 2; ++within_a_tick) scene.use(0s);
      advance_time<B>(50min);
    }
    law<B>(scene.server().connects == 1, "closed, and idle for less than an hour");
    advance_time<B>(20min);
    law<B>(scene.server().open == 0, "law 12: idle for longer than an hour");
  });
  EXPECT_TRUE(report.ok()) << report.to_string();
}
TEST(SimulatedReaper, UsesCountAlsoWithinATick) {
  using Eviction = carpool::AnyOf<carpool::IdleTimeout, carpool::MaxUses>;
  const auto report = carpool::rehearse([] {
    Scene<B, SimulatedConnector, Eviction> scene({.max_size = 1},
                                                 Eviction(carpool::IdleTimeout(1h), carpool::MaxUses(3)));
    for (int i = 0; i < 6; ++i) scene.use(0s);
    law<B>(scene.server().connects == 2, "six uses of three each");
  });
  EXPECT_TRUE(report.ok()) << report.to_string();
}

}  // namespace

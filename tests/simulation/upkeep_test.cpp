// needs: simulation_backend
// The pool's own work beside its callers, in every interleaving.
#include "scenarios_upkeep.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

TEST(SimulatedUpkeep, TheReaperTakesNothingFromCallers) { expect_holds(reaper_against_callers<B>); }
TEST(SimulatedUpkeep, WornOutConnectionsAreReplaced) { expect_holds(worn_out_on_return<B>); }
TEST(SimulatedUpkeep, ASlowResetGivesCapacityBack) {
  expect_holds([] { reset_on_return<B>(true); });
}
TEST(SimulatedUpkeep, AFailedResetGivesCapacityBack) {
  expect_holds([] { reset_on_return<B>(false); });
}
TEST(SimulatedUpkeep, StaleConnectionsArePinged) {
  expect_holds([] { pinged_before_use<B>(true); });
}
TEST(SimulatedUpkeep, ADeadAnswerCondemnsTheOthers) {
  expect_holds([] { pinged_before_use<B>(false); });
}
TEST(SimulatedUpkeep, ImpatienceCostsNoConnection) { expect_holds(impatient_callers_of_stale_ones<B>); }
TEST(SimulatedUpkeep, APingThatACallerWaitedForIsGoodEnoughForIt) {
  expect_holds(always_stale_for_the_impatient<B>, {.preemptions = 1, .step_takes = 300us});
}
TEST(SimulatedUpkeep, AnAnswerIsGoodEnoughAlsoWhenTheClockTicksAtEachStep) {  // it is old when it is handed out
  expect_holds(always_stale_for_the_impatient<B>,
               {.preemptions = 0, .depth_first = 3'000, .random = 1'000, .priorities = 1'000, .step_takes = 1ms});
}
TEST(SimulatedUpkeep, SlowGoodbyesHoldNobodyUp) { expect_holds(slow_goodbyes<B>); }
TEST(SimulatedUpkeep, KeepalivesHoldNobodyUp) { expect_holds(keepalive_beside_callers<B>); }
TEST(SimulatedUpkeep, TheReaperComesAgain) { expect_holds(the_reaper_comes_again<B>); }
TEST(SimulatedUpkeep, GivingUpBesideSlowGoodbyesCostsNothing) { expect_holds(callers_give_up_beside_slow_goodbyes<B>); }

}  // namespace

// needs: simulation_backend
// Callers, drains and closes that no worker sleeps for, in every interleaving. The other suites run with such callers
// too (..._awaiting).
#include "scenarios_async.hpp"
#include "scenarios_ends.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

TEST(SimulatedAsync, CalledOffAtTheHandOverPassesItOn) {
  expect_holds([] { called_off_at_the_hand_over<B>(0ms); });
}
TEST(SimulatedAsync, CalledOffAfterItWasToldToLookPassesThatOn) {
  expect_holds([] { called_off_at_the_hand_over<B>(1s); });
}
TEST(SimulatedAsync, CalledOffAtItsBeginningIsResumedOnlyIfItWaits) { expect_holds(called_off_at_its_beginning<B>); }
TEST(SimulatedAsync, CalledOffBesideItsPingItIsWatchedNoMore) { expect_holds(called_off_beside_its_ping<B>); }
TEST(SimulatedAsync, CalledOffItEndsAtOnce) { expect_holds(called_off_alone<B>); }
TEST(SimulatedAsync, LateAtTheHandOverPassesItOn) {
  expect_holds([] { late_at_the_hand_over<B>(0ms); });
}
TEST(SimulatedAsync, LateAfterItWasToldToLookPassesThatOn) {
  expect_holds([] { late_at_the_hand_over<B>(1s); });
}
TEST(SimulatedAsync, EachHasItsOwnDeadline) { expect_holds(each_has_its_own_deadline<B>); }
TEST(SimulatedAsync, NotTakenItGoesBack) { expect_holds(not_taken<B>); }
TEST(SimulatedAsync, ResumedWithoutTheLock) { expect_holds(resumed_without_the_lock<B>); }
TEST(SimulatedAsync, WithdrawnAtTheHandOverPassesItOn) {
  expect_holds([] { withdrawn_at_the_hand_over<B>(0ms); });
}
TEST(SimulatedAsync, WithdrawnAfterItWasToldToLookPassesThatOn) {
  expect_holds([] { withdrawn_at_the_hand_over<B>(1s); });
}
TEST(SimulatedAsync, IsToldOfItsPoolsEnd) { expect_holds(destroyed_under_them<B>); }
TEST(SimulatedAsync, SharesInTurn) {
  expect_holds([] { in_turn<B>(0ms); });
}
TEST(SimulatedAsync, SharesAsItComes) {
  expect_holds([] { in_turn<B>(1ms); });
}
TEST(SimulatedAsync, ADrainEndsWithTheLastLease) { expect_holds(drained_by_two<B>); }
TEST(SimulatedAsync, ADrainGivesUpAtItsDeadline) { expect_holds(drained_at_its_deadline<B>); }
TEST(SimulatedAsync, ACloseEndsWithTheLastConnection) { expect_holds(closed_to_the_last<B>); }
TEST(SimulatedAsync, AnEndIsCalledOffAtTheLastLease) {
  expect_holds([] { called_off_at_the_last<B>(false); });
}
TEST(SimulatedAsync, AnEndIsWithdrawnAtTheLastLease) {
  expect_holds([] { called_off_at_the_last<B>(true); });
}
TEST(SimulatedAsync, AnEndIsToldOfItsPoolsEnd) {
  expect_holds([] { destroyed_under_an_end<B>(false); });
}
TEST(SimulatedAsync, AnEndIsToldOfItsPoolsEndOrOfTheLastLease) {
  expect_holds([] { destroyed_under_an_end<B>(true); });
}
TEST(SimulatedAsync, EachDrainHasItsOwnDeadline) { expect_holds(drained_in_vain<B>); }

}  // namespace

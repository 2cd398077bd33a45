// needs: simulation_backend
// Connects that fail, hang, come too late or make room, in every interleaving.
#include "scenarios_connecting.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

TEST(SimulatedConnecting, AFailedConnectGivesItsPlaceBack) { expect_holds(a_connect_fails_once<B>); }
TEST(SimulatedConnecting, EverybodyWhoWaitsGetsTheError) { expect_holds(connects_fail_for_all_who_wait<B>); }
TEST(SimulatedConnecting, AConnectOutlivesItsAsker) { expect_holds(a_connect_outlives_its_asker<B>); }
TEST(SimulatedConnecting, AConnectMayFailWhileItsWaitersLeave) { expect_holds(a_connect_fails_while_waiters_leave<B>); }
TEST(SimulatedConnecting, AReleaseBeatsAHungConnect) { expect_holds(a_release_beats_a_hung_connect<B>); }
TEST(SimulatedConnecting, ABrokenReturnIsReplacedForWhoWaits) { expect_holds(broken_on_return_with_a_waiter<B>); }
TEST(SimulatedConnecting, AfterAnOutageTheBreakerClosesAndConnectsRamp) { expect_holds(breaker_and_ramp<B>); }
TEST(SimulatedConnecting, TargetsMakeRoomForEachOther) { expect_holds(targets_make_room<B>); }
TEST(SimulatedConnecting, TargetsShareTheConnects) { expect_holds(targets_share_the_connects<B>); }
TEST(SimulatedConnecting, PrewarmHoldsUpNobody) { expect_holds(prewarm_beside_callers<B>); }
TEST(SimulatedConnecting, APrewarmThatFailsLeavesNoWishBehind) { expect_holds(prewarm_fails<B>); }
TEST(SimulatedConnecting, TwoPrewarmsLeaveEachOtherAlone) { expect_holds(two_prewarms<B>); }
TEST(SimulatedConnecting, IdleOnesAreKeptReady) { expect_holds(idle_ones_are_kept_ready<B>); }
TEST(SimulatedConnecting, NoFailureLosesAPlace) { expect_holds(everything_may_fail<B>); }

}  // namespace

// needs: simulation_backend
// Connects that hang, come too late or make room, in every interleaving.
#include "scenarios_connecting.hpp"

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;

TEST(SimulatedConnecting, AConnectMayLandAtTheDeadline) { expect_holds(a_connect_lands_at_the_deadline<B>); }
TEST(SimulatedConnecting, AConnectOutlivesItsAsker) { expect_holds(a_connect_outlives_its_asker<B>); }
TEST(SimulatedConnecting, AReleaseBeatsAHungConnect) { expect_holds(a_release_beats_a_hung_connect<B>); }
TEST(SimulatedConnecting, TargetsMakeRoomForEachOther) { expect_holds(targets_make_room<B>); }
TEST(SimulatedConnecting, TargetsConnectBesideEachOther) { expect_holds(targets_connect_beside_each_other<B>); }
TEST(SimulatedConnecting, PrewarmHoldsUpNobody) { expect_holds(prewarm_beside_callers<B>); }
TEST(SimulatedConnecting, TwoPrewarmsLeaveEachOtherAlone) { expect_holds(two_prewarms<B>); }
TEST(SimulatedConnecting, IdleOnesAreKeptReady) { expect_holds(idle_ones_are_kept_ready<B>); }

}  // namespace

// needs: simulation_backend fiber_backend
// The simulator's scenarios on real workers, over and over: what they take for granted must hold there as well.
#include <carpool/fiber_backend.hpp>
#include <carpool/thread_backend.hpp>

#include "../simulation/scenarios_connecting.hpp"
#include "../simulation/scenarios_endings.hpp"
#include "../simulation/scenarios_failing.hpp"
#include "../simulation/scenarios_reaper.hpp"
#include "../simulation/scenarios_throwing.hpp"
#include "../simulation/scenarios_waiting.hpp"
#include "stress.hpp"

namespace {

template <class Backend>
class ScenarioStress : public testing::Test {
 protected:
  template <class Scenario>
  static void repeat(Scenario scenario) {
    const auto rounds = stress_cycles(40);
    for (std::uint64_t round = 0; round < rounds && !testing::Test::HasFailure(); ++round) scenario();
  }
};
using Backends = testing::Types<carpool::ThreadBackend, carpool::FiberBackend>;
TYPED_TEST_SUITE(ScenarioStress, Backends);

TYPED_TEST(ScenarioStress, Waiting) {
  this->repeat(release_races_with_acquire<TypeParam>);
  this->repeat(three_share_two<TypeParam>);
  this->repeat([] { deadline_meets_hand_over<TypeParam>(0ms); });
  this->repeat([] { deadline_meets_hand_over<TypeParam>(1s); });
  this->repeat(a_token_is_left<TypeParam>);
  this->repeat(expired_waiters_are_passed_over<TypeParam>);
  this->repeat(first_come_first_served<TypeParam>);
  this->repeat(robbed_waiters_keep_their_turn<TypeParam>);
  this->repeat(the_overdue_are_not_overtaken<TypeParam>);
  this->repeat(slow_on_the_way_to_the_line<TypeParam>);
  this->repeat(nested_acquires_end<TypeParam>);
  this->repeat(try_acquire_beside_waiters<TypeParam>);
  this->repeat(slots_are_not_lost<TypeParam>);
  this->repeat(no_more_waiters_than_allowed<TypeParam>);
  this->repeat(what_is_given_back_is_there_at_once<TypeParam>);
  this->repeat(an_exception_costs_its_connection<TypeParam>);
}

TYPED_TEST(ScenarioStress, Connecting) {
  this->repeat(a_connect_lands_at_the_deadline<TypeParam>);
  this->repeat(a_connect_outlives_its_asker<TypeParam>);
  this->repeat(a_release_beats_a_hung_connect<TypeParam>);
  this->repeat(targets_make_room<TypeParam>);
  this->repeat(targets_connect_beside_each_other<TypeParam>);
  this->repeat(prewarm_beside_callers<TypeParam>);
  this->repeat(two_prewarms<TypeParam>);
  this->repeat(idle_ones_are_kept_ready<TypeParam>);
}

TYPED_TEST(ScenarioStress, Failing) {
  this->repeat(a_connect_fails_once<TypeParam>);
  this->repeat(connects_fail_for_all_who_wait<TypeParam>);
  this->repeat(a_failure_is_told_beside_a_hung_connect<TypeParam>);
  this->repeat(a_connect_fails_while_waiters_leave<TypeParam>);
  this->repeat(broken_on_return_with_a_waiter<TypeParam>);
  this->repeat(every_connection_dies<TypeParam>);
  this->repeat(breaker_and_ramp<TypeParam>);
  this->repeat(a_target_is_down<TypeParam>);
  this->repeat(prewarm_fails<TypeParam>);
  this->repeat(everything_may_fail<TypeParam>);
  this->repeat([] { one_call_fails<TypeParam>(ServerCall::ping, 2); });
  this->repeat([] { one_call_fails<TypeParam>(ServerCall::reset, 1); });
}

TYPED_TEST(ScenarioStress, Endings) {
  this->repeat(close_against_everything<TypeParam>);
  this->repeat(close_meets_a_deadline<TypeParam>);
  this->repeat(closed_twice<TypeParam>);
  this->repeat(destroyed_with_waiters<TypeParam>);
  this->repeat([] { destroyed_beside_a_rejection<TypeParam>(1ms); });
  this->repeat([] { destroyed_beside_a_rejection<TypeParam>(0ms); });
  this->repeat(leases_outlive_the_pool<TypeParam>);
  this->repeat(destroyed_at_once<TypeParam>);
  this->repeat(drain_against_releases<TypeParam>);
  this->repeat(drain_gives_up<TypeParam>);
  this->repeat(retire_all_against_callers<TypeParam>);
  this->repeat(retire_all_against_a_connect<TypeParam>);
  this->repeat(resized_under_callers<TypeParam>);
  this->repeat(shrunk_while_all_are_out<TypeParam>);
  this->repeat(enlarged_for_a_waiter<TypeParam>);
  this->repeat(suspended_and_resumed<TypeParam>);
  this->repeat(cleared_beside_callers<TypeParam>);
}

TYPED_TEST(ScenarioStress, Reaper) {
  this->repeat(reaper_against_callers<TypeParam>);
  this->repeat(worn_out_on_return<TypeParam>);
  this->repeat([] { reset_on_return<TypeParam>(true); });
  this->repeat([] { reset_on_return<TypeParam>(false); });
  this->repeat([] { pinged_before_use<TypeParam>(true); });
  this->repeat([] { pinged_before_use<TypeParam>(false); });
  this->repeat(impatient_callers_of_stale_ones<TypeParam>);
  this->repeat(always_stale_for_the_impatient<TypeParam>);
  this->repeat(slow_goodbyes<TypeParam>);
  this->repeat(keepalive_beside_callers<TypeParam>);
  this->repeat(the_reaper_comes_again<TypeParam>);
  this->repeat(callers_give_up_beside_slow_goodbyes<TypeParam>);
}

}  // namespace

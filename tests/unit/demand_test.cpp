// sanitizers: not thread
/// How many connects to start, and whom to serve, on plain values.
#include <carpool/detail/state/demand.hpp>
#include <carpool/detail/state/hand_over.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using namespace carpool::detail;       // NOLINT(google-build-using-namespace)
using carpool::TimePoint;

TEST(ConnectsToStart, OneForEachWaiterWithoutASupply) {
  EXPECT_EQ(connects_to_start({.waiters = 3, .limit = 10}), 3U);
  EXPECT_EQ(connects_to_start({.waiters = 3, .idle = 1, .connecting = 1, .limit = 10}), 1U);
  EXPECT_EQ(connects_to_start({.waiters = 3, .idle = 3, .limit = 10}), 0U);
  EXPECT_EQ(connects_to_start({.waiters = 3, .connecting = 5, .limit = 10}), 0U);
}

TEST(ConnectsToStart, OneForEachIdleConnectionThatIsWantedBesideThem) {
  EXPECT_EQ(connects_to_start({.waiters = 1, .idle_wanted = 2, .limit = 10}), 3U);
  EXPECT_EQ(connects_to_start({.idle_wanted = 2, .idle = 1, .limit = 10}), 1U);
}

TEST(ConnectsToStart, HoweverManyIdleConnectionsAreWanted) {
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(connects_to_start({.waiters = 1, .idle_wanted = all, .limit = 10}), 10U);
  EXPECT_EQ(connects_to_start({.waiters = 2, .idle_wanted = all - 1, .connecting = 1, .limit = 10}), 9U);
}

TEST(ConnectsToStart, NeverMoreThanMayBeInFlight) {
  EXPECT_EQ(connects_to_start({.waiters = 9, .limit = 4}), 4U);
  EXPECT_EQ(connects_to_start({.waiters = 9, .connecting = 3, .limit = 4}), 1U);
  EXPECT_EQ(connects_to_start({.waiters = 9, .connecting = 4, .limit = 4}), 0U);
  EXPECT_EQ(connects_to_start({.waiters = 9, .limit = 0}), 0U) << "the breaker lets none through";
}

TEST(ConnectsToStart, ThoseOfAnOlderGenerationAreNoSupplyAndLeaveOne) {
  EXPECT_EQ(connects_to_start({.waiters = 2, .outdated = 2, .limit = 10}), 2U);
  EXPECT_EQ(connects_to_start({.waiters = 2, .outdated = 9, .limit = 4}), 1U);
}

TEST(ConnectsToStart, IsTheDeficitCutToTheRoom) {
  for (std::size_t waiters = 0; waiters < 4; ++waiters) {
    for (std::size_t idle = 0; idle < 4; ++idle) {
      for (std::size_t connecting = 0; connecting < 4; ++connecting) {
        const Demand demand{.waiters = waiters, .idle = idle, .connecting = connecting, .limit = 2};
        const std::size_t start = connects_to_start(demand);
        EXPECT_LE(start + connecting, std::max<std::size_t>(connecting, 2));
        EXPECT_LE(start + connecting + idle, std::max(waiters, connecting + idle));
      }
    }
  }
}

TEST(ConnectPlanOf, SaysWhoWantsItAndWhetherItIsAProbe) {
  static_assert(plan_of({.waiters = 1, .limit = 1}, true, false) == ConnectPlan::waited_for);
  static_assert(plan_of({.waiters = 1, .limit = 1}, false, true) == ConnectPlan::probe);
  static_assert(plan_of({.idle_wanted = 1, .limit = 1}, true, true) == ConnectPlan::for_idle);
  static_assert(plan_of({.idle_wanted = 1, .limit = 1}, false, true) == ConnectPlan::probe_for_idle);
  EXPECT_EQ(plan_of({.waiters = 1, .connecting = 1, .limit = 1}, true, true), ConnectPlan::none);
  EXPECT_EQ(plan_of({.waiters = 1, .limit = 0}, true, true), ConnectPlan::none);
}

TEST(ConnectPlanOf, IdleConnectionsAreOpenedOneAtATimeBeforeTheFirstSuccess) {
  EXPECT_EQ(plan_of({.idle_wanted = 5, .connecting = 1, .limit = 9}, true, false), ConnectPlan::none);
  EXPECT_EQ(plan_of({.idle_wanted = 5, .connecting = 1, .limit = 9}, true, true), ConnectPlan::for_idle);
  EXPECT_EQ(plan_of({.waiters = 2, .connecting = 1, .limit = 9}, true, false), ConnectPlan::waited_for);
}

TEST(HandOver, AsManyAreServedAsConnectionsAreIdle) {
  EXPECT_EQ(waiters_to_serve(5, 2), 2U);
  EXPECT_EQ(waiters_to_serve(1, 2), 1U);
  EXPECT_EQ(waiters_to_serve(0, 2), 0U);
}

TEST(HandOver, AWaiterIsOverdueFromHandoffAfterOn) {
  constexpr TimePoint came{1h};
  static_assert(!is_overdue(came, 1ms, came));
  static_assert(!is_overdue(came, 1ms, came + 1ms - 1ns));
  static_assert(is_overdue(came, 1ms, came + 1ms));
  static_assert(is_overdue(came, 0ms, came), "in strict order always");
  EXPECT_FALSE(is_overdue(came, carpool::forever, came + 1000h));
}

TEST(HandOver, WhoIsOverdueIsGrantedAConnectionAndNotOvertaken) {
  EXPECT_EQ(service_for(true), Service::grant);
  EXPECT_EQ(service_for(false), Service::look);
  EXPECT_TRUE(may_take(false, false));
  EXPECT_TRUE(may_take(true, false)) << "overtaking keeps throughput up";
  EXPECT_FALSE(may_take(true, true));
}

}  // namespace

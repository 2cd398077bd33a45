// sanitizers: not thread
/// Which endpoint may connect next, and how many connects may start.
#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/connect_planner.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>

#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::detail::ConnectPlan;
using carpool::detail::ConnectRoom;
using carpool::detail::connects_allowed;
using Types = carpool::detail::PoolTypes<carpool::SingleBackend, carpool::FifoQueue, carpool::FakeTargetConnector,
                                         carpool::NeverEvict, carpool::NoObserver>;
using Endpoint = carpool::detail::Endpoint<Types>;
using Waiter = carpool::detail::Waiter<Types>;

constexpr ConnectRoom all_room{.for_waiters = true, .for_idle = true, .for_probes = true};

TEST(ConnectsAllowed, AsManyAsTheLimitLessThoseInFlight) {
  EXPECT_EQ(connects_allowed(3, 0, 0), 3U);
  EXPECT_EQ(connects_allowed(3, 2, 0), 1U);
  EXPECT_EQ(connects_allowed(3, 3, 0), 0U);
  EXPECT_EQ(connects_allowed(0, 0, 0), 0U);
}

TEST(ConnectsAllowed, ThoseOfAnOlderGenerationLeaveOne) {
  EXPECT_EQ(connects_allowed(3, 0, 1), 2U);
  EXPECT_EQ(connects_allowed(3, 0, 9), 1U);
  EXPECT_EQ(connects_allowed(3, 1, 9), 0U);
  EXPECT_EQ(connects_allowed(1, 0, 1), 1U);
  EXPECT_EQ(connects_allowed(0, 0, 9), 0U);
}

class ConnectPlannerTest : public ::testing::Test {
 public:
  void wait_at(Endpoint& endpoint, Waiter& waiter, std::uint64_t ticket) {
    waiter.ticket = ticket;
    endpoint.waiters.insert(waiter);
    planner.update(endpoint);
  }
  void fail(Endpoint& endpoint) {
    endpoint.breaker.failed(carpool::SingleBackend::now(), {60s, 60s}, 0);
    planner.update(endpoint);
  }

  carpool::PoolOptions options{.max_connecting = 2};
  carpool::detail::ConnectPlanner<Types> planner{options};
  Endpoint a, b;
  Waiter first, second, third;
};

TEST_F(ConnectPlannerTest, NobodyWantsAnythingAtFirst) {
  EXPECT_EQ(planner.next(all_room), nullptr);
  EXPECT_EQ(planner.shortage(), 0U);
  EXPECT_EQ(planner.first_retry(), carpool::never);
}

TEST_F(ConnectPlannerTest, EndpointsTakeTurns) {
  wait_at(a, first, 1);
  wait_at(a, second, 2);
  wait_at(b, third, 3);
  EXPECT_EQ(planner.shortage(), 3U);
  EXPECT_EQ(planner.next(all_room), &a);
  ++a.connecting;
  planner.started(a);
  EXPECT_EQ(planner.next(all_room), &b);
  ++b.connecting;
  planner.started(b);
  EXPECT_EQ(planner.next(all_room), &a);
  EXPECT_EQ(planner.shortage(), 1U);
  ++a.connecting;
  planner.started(a);
  EXPECT_EQ(planner.next(all_room), nullptr);
}

TEST_F(ConnectPlannerTest, AnEndpointAtItsOwnLimitIsPassedOver) {
  a.breaker.succeeded();  // before that, idle connections are opened one at a time
  a.connecting = 2;
  a.idle_target = 5;
  planner.update(a);
  EXPECT_EQ(planner.next(all_room), nullptr);
  a.connecting = 1;
  planner.update(a);
  EXPECT_EQ(planner.next(all_room), &a);
  EXPECT_EQ(planner.next({.for_waiters = true, .for_idle = false, .for_probes = true}), nullptr);
}

TEST_F(ConnectPlannerTest, APausedEndpointIsPassedOverAndTellsWhenItIsNot) {
  wait_at(a, first, 1);
  wait_at(b, second, 2);
  fail(a);
  EXPECT_EQ(planner.next(all_room), &b);
  EXPECT_EQ(planner.shortage(), 1U) << "nobody makes room for who may not connect";
  EXPECT_EQ(planner.first_retry(), a.breaker.retry_at());
  a.breaker.succeeded();
  planner.update(a);
  EXPECT_EQ(planner.next(all_room), &b) << "it came back to the line behind the other";
}

TEST_F(ConnectPlannerTest, AProbeNeedsItsOwnRoomAndHasItsTurnByItsFirstWaiter) {
  a.breaker.failed(carpool::TimePoint{}, {1ns, 1ns}, 0);  // long ago
  wait_at(a, first, 1);
  wait_at(b, second, 2);
  EXPECT_EQ(planner.next(all_room), &a);
  EXPECT_EQ(planner.next({.for_waiters = true, .for_idle = true, .for_probes = false}), &b);
}

TEST_F(ConnectPlannerTest, WhatNobodyWantsAnyMoreLeavesTheListsByItself) {
  a.idle_target = 1;
  planner.update(a);
  a.idle_target = 0;
  EXPECT_EQ(planner.next(all_room), nullptr);
  EXPECT_EQ(a.plan, ConnectPlan::none);
}

TEST_F(ConnectPlannerTest, AnEndpointInTroubleThatNobodyWantsIsRemembered) {
  fail(a);
  EXPECT_EQ(planner.first_remembered(), &a);
  wait_at(a, first, 1);
  EXPECT_EQ(planner.first_remembered(), nullptr);
}

}  // namespace

// sanitizers: not thread
/// Which connect comes next, and what room is made for it: the pool's rules without a pool.
#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/connect_demand.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using Backend = carpool::SingleBackend;
using Types = carpool::detail::PoolTypes<Backend, carpool::FifoQueue, carpool::FakeTargetConnector, carpool::NeverEvict,
                                         carpool::NoObserver>;
using Endpoint = carpool::detail::Endpoint<Types>;
using PoolSlot = carpool::detail::PoolSlot<Types>;
using Waiter = carpool::detail::Waiter<Types>;
using carpool::detail::SlotState;

class ConnectDemandTest : public ::testing::Test {
 public:
  void wait_at(Endpoint& endpoint, Waiter& waiter) {
    waiter.ticket = ++last_ticket;
    endpoint.waiters.insert(waiter);
    inventory.planner.update(endpoint);
  }
  PoolSlot& add_idle(Endpoint& endpoint) {
    PoolSlot& slot = inventory.reserve(endpoint);
    inventory.connected(slot);
    inventory.put_idle(slot);
    return slot;
  }
  void ask(Endpoint& endpoint) {
    carpool::detail::Instant<Backend> now;
    demand.ask_for_one(endpoint, now);
  }
  [[nodiscard]] bool circuit_open(Endpoint& endpoint) {
    carpool::detail::Instant<Backend> now;
    return demand.circuit_open(endpoint, now);
  }
  void fail(Endpoint& endpoint) {
    endpoint.breaker.failed(Backend::now(), {60s, 60s}, 0);
    inventory.planner.update(endpoint);
  }

  carpool::PoolOptions options{.max_size = 2};
  carpool::detail::SlotOwner owner;
  carpool::detail::PoolGate gate;
  carpool::detail::Limits limits{options.max_size, options.max_idle};
  carpool::detail::Inventory<Types> inventory{options, owner};
  carpool::detail::ConnectDemand<Types> demand{options, gate, limits, inventory};
  Endpoint& a = inventory.endpoints.at("a");
  Endpoint& b = inventory.endpoints.at("b");
  Waiter first, second, third;
  std::uint64_t last_ticket = 0;
};

TEST_F(ConnectDemandTest, NoConnectStartsThatNobodyWants) { EXPECT_EQ(demand.next_to_connect(), nullptr); }

TEST_F(ConnectDemandTest, AWaiterWithoutASupplyWantsOne) {
  wait_at(a, first);
  EXPECT_EQ(demand.next_to_connect(), &a);
  (void)inventory.reserve(a);
  EXPECT_EQ(demand.next_to_connect(), nullptr) << "its connect is under way";
}

TEST_F(ConnectDemandTest, NoneStartsWhileTheGateIsShut) {
  wait_at(a, first);
  gate.suspend();
  EXPECT_EQ(demand.next_to_connect(), nullptr);
}

TEST_F(ConnectDemandTest, NoneStartsWithoutAFreeSlotThatCannotBeMade) {
  wait_at(a, first);
  (void)inventory.reserve(b);
  EXPECT_EQ(demand.next_to_connect(), &a);
  (void)inventory.reserve(b);
  EXPECT_FALSE(demand.has_free_slot());
  EXPECT_EQ(demand.next_to_connect(), nullptr);
}

TEST_F(ConnectDemandTest, RoomIsMadeOfWhatHasBeenIdleLongestElsewhere) {
  PoolSlot& older = add_idle(b);
  PoolSlot& younger = add_idle(b);
  wait_at(a, first);
  ASSERT_EQ(demand.next_to_connect(), &a);
  EXPECT_FALSE(demand.has_free_slot());
  demand.make_room();
  EXPECT_EQ(older.state, SlotState::closing);
  EXPECT_EQ(younger.state, SlotState::idle);
  EXPECT_EQ(demand.next_to_connect(), nullptr) << "one slot becomes free for the one waiter";
}

TEST_F(ConnectDemandTest, NoRoomIsMadeOfWhatItsOwnWaitersNeed) {
  add_idle(b);
  add_idle(b);
  wait_at(b, second);
  wait_at(b, third);
  wait_at(a, first);
  EXPECT_EQ(demand.next_to_connect(), nullptr);
}

TEST_F(ConnectDemandTest, WhoDoesNotWaitAsksOnce) {
  ask(a);
  ask(a);
  EXPECT_EQ(a.demand().idle_wanted, 1U);
  EXPECT_EQ(demand.next_to_connect(), &a);
  demand.answer(a);
  inventory.planner.update(a);
  EXPECT_EQ(demand.next_to_connect(), nullptr);
}

TEST_F(ConnectDemandTest, WhatWasAskedForIsForgottenWhereThereIsNoRoom) {
  ask(a);
  add_idle(b);
  add_idle(b);
  EXPECT_EQ(demand.next_to_connect(), nullptr);
  EXPECT_EQ(inventory.endpoints.find("a"), nullptr) << "nobody wants it any more";
}

TEST_F(ConnectDemandTest, AnOpenCircuitTurnsAwayWhoCouldOnlyWaitForAConnect) {
  EXPECT_FALSE(circuit_open(a));
  fail(a);
  EXPECT_TRUE(circuit_open(a));
  add_idle(a);
  EXPECT_FALSE(circuit_open(a)) << "there is one to be had";
  demand.allow_probes();
  EXPECT_FALSE(circuit_open(a));
}

TEST_F(ConnectDemandTest, AnIdleTargetIsTheGreatestOfThoseWanted) {
  options.min_idle = 1;
  carpool::detail::IdleTarget more{.count = 2};
  a.add_idle_target(more);
  demand.recompute_idle_target(a);
  EXPECT_EQ(a.idle_target, 2U);
  a.remove_idle_target(more);
  demand.recompute_idle_target(a);
  EXPECT_EQ(a.idle_target, 1U);
}

}  // namespace

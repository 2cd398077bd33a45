/// Who gets which idle connection: the wait queues and the inventory, and nothing of a pool around them.
#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/hand_over.hpp>
#include <carpool/detail/state/inventory.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using Backend = carpool::SingleBackend;
using Types = carpool::detail::PoolTypes<Backend, carpool::FifoQueue, carpool::FakeConnector, carpool::NeverEvict,
                                         carpool::NoObserver>;
using PoolSlot = carpool::detail::PoolSlot<Types>;
using Waiter = carpool::detail::Waiter<Types>;
using carpool::detail::SlotEvent;
using carpool::detail::SlotState;

class HandOverTest : public ::testing::Test {
 public:
  using Instant = carpool::detail::Instant<Backend>;
  using Wakeups = carpool::detail::Wakeups<Backend>;

  /// One more idle connection; its connect is over.
  PoolSlot& add_idle() {
    PoolSlot& slot = inventory.reserve(endpoint);
    inventory.connected(slot);
    inventory.put_idle(slot);
    return slot;
  }
  void enqueue(Waiter& waiter) {
    hand_over.retain(waiter);
    hand_over.enqueue(endpoint, waiter, Backend::now());
  }
  void serve() {
    Instant now;
    Wakeups wakeups;
    hand_over.serve(endpoint, now, wakeups);
  }
  [[nodiscard]] PoolSlot* claim(Waiter& self) {
    Instant now;
    return hand_over.claim(endpoint, self, now);
  }

  carpool::PoolOptions options{.handoff_after = 0ms};
  carpool::detail::SlotOwner owner;
  carpool::detail::PoolGate gate;
  carpool::detail::References references;
  carpool::detail::Inventory<Types> inventory{options, owner};
  carpool::detail::HandOver<Types> hand_over{options, gate, inventory, references};
  carpool::detail::Endpoint<Types>& endpoint = inventory.endpoints.sole();
  Waiter first, second, third;
};

TEST_F(HandOverTest, InStrictOrderTheFirstWaitersAreGrantedWhatIsIdle) {
  for (Waiter* each : {&first, &second, &third}) enqueue(*each);
  PoolSlot& older = add_idle();
  PoolSlot& younger = add_idle();
  serve();
  EXPECT_EQ(first.take_granted(), &older);
  EXPECT_EQ(second.take_granted(), &younger);
  EXPECT_EQ(third.take_granted(), nullptr);
  EXPECT_EQ(gate.waiting(), 1U);
  EXPECT_EQ(inventory.slots.count(SlotState::leased), 2U);
}

TEST_F(HandOverTest, BeforeHandoffAfterAWaiterIsToldToLookAndMayBeOvertaken) {
  options.handoff_after = 1h;
  enqueue(first);
  add_idle();
  serve();
  EXPECT_TRUE(first.notified);
  EXPECT_EQ(first.take_granted(), nullptr);
  EXPECT_NE(claim(second), nullptr) << "a running caller was faster";
  EXPECT_EQ(claim(first), nullptr);
  EXPECT_TRUE(first.enqueued) << "it waits on";
}

TEST_F(HandOverTest, WhoIsOverdueIsNotOvertaken) {
  enqueue(first);
  PoolSlot& slot = add_idle();
  EXPECT_EQ(claim(second), nullptr);
  EXPECT_EQ(claim(first), &slot) << "nobody stands before it";
  EXPECT_FALSE(first.enqueued);
}

TEST_F(HandOverTest, NobodyIsServedWhileTheGateIsShut) {
  gate.suspend();
  enqueue(first);
  add_idle();
  serve();
  EXPECT_FALSE(first.notified);
  EXPECT_EQ(claim(first), nullptr);
}

TEST_F(HandOverTest, AWaiterKeepsItsTicketWhenItComesBack) {
  enqueue(first);
  enqueue(second);
  const auto ticket = first.ticket;
  hand_over.dequeue(endpoint, first);
  enqueue(first);
  EXPECT_EQ(first.ticket, ticket);
  EXPECT_EQ(endpoint.waiters.front(), &first);
}

TEST_F(HandOverTest, AWaiterRetainsTheCoreUntilItOwnsASlotThatDoes) {
  references.owner_goes();
  enqueue(first);
  EXPECT_FALSE(references.none(0));
  add_idle();
  serve();
  EXPECT_FALSE(first.retains);
  EXPECT_TRUE(references.none(0));
  EXPECT_FALSE(references.none(inventory.slots.occupied()));
}

TEST_F(HandOverTest, ThoseThatFailAreToldWhy) {
  enqueue(first);
  enqueue(second);
  const carpool::detail::FailurePointer failure = std::make_shared<carpool::detail::ConnectFailure>();
  Wakeups wakeups;
  EXPECT_TRUE(hand_over.fail_some(endpoint, failure, wakeups, first.ticket));
  EXPECT_EQ(first.failure, failure);
  EXPECT_TRUE(first.notified);
  EXPECT_FALSE(first.enqueued);
  EXPECT_TRUE(second.enqueued) << "it came later";
}

/// What the inventory adds to the table: its lists and counts.
class InventoryTest : public HandOverTest {};

TEST_F(InventoryTest, AConnectIsSupplyUntilItIsOver) {
  PoolSlot& slot = inventory.reserve(endpoint);
  EXPECT_EQ(endpoint.connecting, 1U);
  inventory.put_empty(slot, SlotEvent::failed);
  EXPECT_EQ(endpoint.connecting, 0U);
  EXPECT_EQ(endpoint.slots, 0U);
}

TEST_F(InventoryTest, AConnectOfAnOlderGenerationIsOutdated) {
  PoolSlot& slot = inventory.reserve(endpoint);
  inventory.new_generation();
  EXPECT_FALSE(inventory.is_current(slot));
  EXPECT_EQ(endpoint.connecting, 0U);
  EXPECT_EQ(endpoint.outdated, 1U);
  inventory.connected(slot);
  EXPECT_EQ(endpoint.outdated, 0U);
  inventory.put_closing(slot, carpool::CloseReason::retired);
  EXPECT_EQ(inventory.pending.next().slot, &slot);
}

TEST_F(InventoryTest, ARetirementIsSpreadOverWhatIsThere) {
  const carpool::TimePoint now = Backend::now();
  PoolSlot& idle = add_idle();
  PoolSlot& other = add_idle();
  PoolSlot& out = add_idle();
  PoolSlot& connecting = inventory.reserve(endpoint);
  inventory.slots.advance(out, SlotEvent::taken);
  inventory.new_generation(now, 4s);
  EXPECT_TRUE(inventory.is_current(idle) && inventory.is_current(other)) << "their own limits say how long they last";
  EXPECT_EQ(idle.lives_until, now);
  EXPECT_EQ(other.lives_until, now + 1s);
  EXPECT_EQ(other.good_until, now + 1s);
  EXPECT_FALSE(inventory.is_current(out));
  EXPECT_EQ(out.lives_until, carpool::never) << "its lessee's";
  EXPECT_TRUE(inventory.may_adopt(out, now + 1s));
  EXPECT_FALSE(inventory.may_adopt(out, now + 2s));
  EXPECT_EQ(connecting.retire_at, now + 3s);
  EXPECT_EQ(endpoint.outdated, 1U);
  inventory.adopt(out);
  EXPECT_TRUE(inventory.is_current(out));
  EXPECT_EQ(out.lives_until, now + 2s);
  inventory.put_closing(other, carpool::CloseReason::expired);
  EXPECT_EQ(other.reason, carpool::CloseReason::retired);
}

TEST_F(InventoryTest, OfTwoRetirementsTheEarlierEndCounts) {
  const carpool::TimePoint now = Backend::now();
  PoolSlot& idle = add_idle();
  PoolSlot& out = add_idle();
  inventory.slots.advance(out, SlotEvent::taken);
  inventory.new_generation(now, 2s);
  inventory.new_generation(now, 20s);
  EXPECT_EQ(idle.lives_until, now);
  EXPECT_EQ(out.retire_at, now + 1s);
  inventory.new_generation();
  EXPECT_FALSE(inventory.may_adopt(out, carpool::TimePoint::min())) << "at once";
  inventory.new_generation(now, 20s);
  EXPECT_FALSE(inventory.may_adopt(out, carpool::TimePoint::min())) << "still";
}

TEST_F(InventoryTest, WhatIsIdleIsClosedAsPicked) {
  PoolSlot& kept = add_idle();
  PoolSlot& closed = add_idle();
  const auto pick = [&](const PoolSlot& slot) { return &slot == &closed; };
  EXPECT_EQ(inventory.close_idle(carpool::CloseReason::idle, pick), 1U);
  EXPECT_EQ(kept.state, SlotState::idle);
  EXPECT_EQ(closed.state, SlotState::closing);
  EXPECT_EQ(endpoint.idle.size(), 1U);
}

TEST_F(InventoryTest, ARefreshThatHasNotBegunCanBeClosed) {
  PoolSlot& slot = add_idle();
  inventory.refresh_idle(slot);
  EXPECT_EQ(slot.state, SlotState::refreshing);
  EXPECT_EQ(endpoint.refreshes, 1U);
  inventory.close_refreshing(carpool::CloseReason::closed);
  EXPECT_EQ(slot.state, SlotState::closing);
  EXPECT_EQ(endpoint.refreshes, 0U);
}

}  // namespace

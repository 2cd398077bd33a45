// sanitizers: not thread
/// The gate, the limits and the references of a pool, on plain values.
#include <carpool/detail/state/limits.hpp>
#include <carpool/detail/state/pool_gate.hpp>
#include <carpool/detail/state/references.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace {

using carpool::detail::Limits;
using carpool::detail::PoolGate;
using carpool::detail::References;

TEST(PoolGate, ServesAtFirst) {
  constexpr PoolGate gate;
  static_assert(gate.serving() && gate.is_uncontended());
  EXPECT_FALSE(gate.closed() || gate.draining() || gate.finished() || gate.suspended());
}

TEST(PoolGate, ServesNoMoreWhenItIsClosedOrDrains) {
  PoolGate closed;
  closed.close();
  EXPECT_TRUE(closed.closed() && closed.finished());
  EXPECT_FALSE(closed.serving() || closed.draining() || closed.is_uncontended());
  PoolGate draining;
  draining.drain();
  EXPECT_TRUE(draining.draining() && draining.finished());
  EXPECT_FALSE(draining.serving() || draining.closed());
}

TEST(PoolGate, ServesAgainAfterTheSecondStepOfResuming) {
  PoolGate gate;
  EXPECT_FALSE(gate.begin_resuming()) << "there is nothing to resume";
  gate.suspend();
  EXPECT_TRUE(gate.suspended());
  ASSERT_TRUE(gate.begin_resuming());
  EXPECT_FALSE(gate.serving()) << "the observer has not been told";
  gate.end_resuming();
  EXPECT_TRUE(gate.serving());
}

TEST(PoolGate, ServesOnlyAfterTheLastOfThoseWhoResume) {
  PoolGate gate;
  gate.suspend();
  ASSERT_TRUE(gate.begin_resuming());
  gate.suspend();
  ASSERT_TRUE(gate.begin_resuming());
  gate.end_resuming();
  EXPECT_FALSE(gate.serving());
  gate.end_resuming();
  EXPECT_TRUE(gate.serving());
}

TEST(PoolGate, AFinishedPoolIsNotResumed) {
  PoolGate gate;
  gate.suspend();
  gate.close();
  EXPECT_FALSE(gate.begin_resuming());
}

TEST(PoolGate, AWaiterOrAPrewarmKeepsCallersOffTheFastPath) {
  PoolGate gate;
  gate.one_waits();
  EXPECT_TRUE(gate.serving());
  EXPECT_FALSE(gate.is_uncontended());
  gate.one_has_waited();
  gate.begin_prewarm();
  gate.begin_prewarm();
  gate.end_prewarm();
  EXPECT_TRUE(gate.serving());
  EXPECT_FALSE(gate.is_uncontended()) << "one is under way still";
  gate.end_prewarm();
  EXPECT_TRUE(gate.is_uncontended());
}

TEST(PoolLimits, AreThoseOfTheOptions) {
  constexpr Limits limits(10, 3);
  static_assert(limits.has_free_slot(9) && !limits.has_free_slot(10));
  static_assert(limits.has_room_for_idle(2) && !limits.has_room_for_idle(3));
  EXPECT_FALSE(limits.keeps_all_idle());
  EXPECT_TRUE(limits.full(10));
  EXPECT_FALSE(limits.over_size(10));
  EXPECT_TRUE(Limits(10, std::nullopt).keeps_all_idle());
  EXPECT_EQ(limits.free_slots(4), 6U);
}

TEST(PoolLimits, AreResized) {
  Limits limits(10, 8);
  limits.resize(4);
  EXPECT_EQ(limits.max_size(), 4U);
  EXPECT_TRUE(limits.over_size(5));
  EXPECT_EQ(limits.free_slots(5), 0U);
  EXPECT_TRUE(limits.keeps_all_idle());
  limits.resize(20);
  EXPECT_FALSE(limits.has_room_for_idle(8)) << "max_idle holds again";
}

TEST(PoolLimits, HalfOfTheSlotsAreForProbesAndOneAtLeast) {
  EXPECT_EQ(Limits(10, {}).most_probes(), 5U);
  EXPECT_EQ(Limits(1, {}).most_probes(), 1U);
}

TEST(PoolReferences, TheOwnerCallersAndSlotsKeepACore) {
  References references;
  EXPECT_FALSE(references.none(0)) << "its owner is there";
  references.retain();
  references.owner_goes();
  EXPECT_FALSE(references.none(0)) << "a caller is inside";
  references.release();
  EXPECT_FALSE(references.none(1)) << "a lease is out";
  EXPECT_TRUE(references.none(0));
}

}  // namespace

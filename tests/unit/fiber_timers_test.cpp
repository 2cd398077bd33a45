// needs: fiber_backend
// Fibers that sleep until a deadline: each wakes at its own, in order, whoever else comes and goes.
#include <carpool/fiber_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using carpool::FiberBackend;
using carpool::TimePoint;

/// Many of them equal, in no order. Late enough that all who sleep until then do so before the first is due, on a
/// machine that has something else to do as well.
std::vector<TimePoint> deadlines(std::size_t count) {
  std::mt19937 chance(7);
  std::vector<TimePoint> all(count);
  const TimePoint start = FiberBackend::now() + 300ms;
  for (TimePoint& each : all) each = start + std::chrono::milliseconds(chance() % 50);
  return all;
}

TEST(FiberTimers, WakeEachAtItsDeadlineAndInOrder) {
  std::vector<TimePoint> all(500);
  std::vector<TimePoint> woken;
  std::vector<FiberBackend::Task> sleepers;
  for (const TimePoint& deadline : all) {
    sleepers.push_back(FiberBackend::spawn([&woken, &deadline] {
      carpool::FiberParkingSlot slot;
      EXPECT_FALSE(slot.park_until(deadline));
      EXPECT_GE(FiberBackend::now(), deadline);
      EXPECT_LT(FiberBackend::now(), deadline + 200ms);
      woken.push_back(deadline);
    }));
  }
  std::ranges::copy(deadlines(all.size()), all.begin());  // only now: all are to sleep before the first is due
  for (auto& each : sleepers) each.join();
  EXPECT_EQ(woken.size(), 500U);
  EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
}

TEST(FiberTimers, AreGoneWhenTheirFibersAreWokenBefore) {
  constexpr std::size_t count = 300;
  std::vector<std::unique_ptr<carpool::FiberParkingSlot>> slots;
  std::vector<FiberBackend::Task> sleepers;
  std::size_t tokens = 0;
  for (const TimePoint deadline : deadlines(count)) {
    slots.push_back(std::make_unique<carpool::FiberParkingSlot>());
    sleepers.push_back(FiberBackend::spawn([&tokens, &slot = *slots.back(), deadline] {
      if (slot.park_until(deadline)) ++tokens;
    }));
  }
  FiberBackend::sleep_until(FiberBackend::now() + 2ms);  // all of them sleep
  for (std::size_t i = 0; i < count; i += 3) static_cast<void>(slots[i]->unpark());
  for (auto& each : sleepers) each.join();
  EXPECT_EQ(tokens, count / 3);
  EXPECT_FALSE(carpool::FiberParkingSlot().park_until(FiberBackend::now() + 5ms)) << "nobody else's timer wakes";
}

/// All are due at once, this fiber first: it leaves tokens for those whom their deadlines have made ready already.
TEST(FiberTimers, MakeReadyWhoIsUnparkedBeforeHeGoesOn) {
  constexpr std::size_t count = 50;
  const TimePoint deadline = FiberBackend::now() + 50ms;
  std::vector<std::unique_ptr<carpool::FiberParkingSlot>> slots;
  std::vector<FiberBackend::Task> sleepers;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < count; ++i) {
    slots.push_back(std::make_unique<carpool::FiberParkingSlot>());
    sleepers.push_back(FiberBackend::spawn([&tokens, deadline, &slot = *slots.back()] {
      if (slot.park_until(deadline)) ++tokens;
      EXPECT_FALSE(slot.park_until(FiberBackend::now() + 1ms)) << "it was one token, and nobody is ready twice";
    }));
  }
  EXPECT_FALSE(carpool::FiberParkingSlot().park_until(deadline - 1ns));
  for (auto& slot : slots) static_cast<void>(slot->unpark());
  for (auto& each : sleepers) each.join();
  EXPECT_EQ(tokens, count);
}

/// A token and the deadline come at the same moment: whichever is first, the token is there, once.
TEST(FiberTimers, RaceWithTokensOfOtherThreads) {
  for (int round = 0; round < 300; ++round) {
    carpool::FiberParkingSlot slot;
    const TimePoint deadline = FiberBackend::now() + 100us;
    auto other = FiberBackend::spawn_background([&] {
      while (FiberBackend::now() < deadline) {
      }
      static_cast<void>(slot.unpark());
    });
    const bool in_time = slot.park_until(deadline);
    other.join();
    ASSERT_NE(in_time, slot.park_until(TimePoint::min())) << "in round " << round;
  }
}

}  // namespace

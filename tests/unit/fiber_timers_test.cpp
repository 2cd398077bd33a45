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

/// Deadlines in the next 60 ms, many of them equal, in no order.
std::vector<TimePoint> deadlines(std::size_t count) {
  std::mt19937 chance(7);
  std::vector<TimePoint> all(count);
  const TimePoint start = FiberBackend::now() + 10ms;
  for (TimePoint& each : all) each = start + std::chrono::milliseconds(chance() % 50);
  return all;
}

TEST(FiberTimers, WakeEachAtItsDeadlineAndInOrder) {
  std::vector<TimePoint> woken;
  std::vector<FiberBackend::Task> sleepers;
  for (const TimePoint deadline : deadlines(500)) {
    sleepers.push_back(FiberBackend::spawn([&woken, deadline] {
      carpool::FiberParkingSlot slot;
      EXPECT_FALSE(slot.park_until(deadline));
      EXPECT_GE(FiberBackend::now(), deadline);
      EXPECT_LT(FiberBackend::now(), deadline + 200ms);
      woken.push_back(deadline);
    }));
  }
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

/// Laws of a backend's parking slot: a token is neither lost nor made up, whatever races.
#pragma once

#include "backend_conformance_fixture.hpp"
#include "process.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

TYPED_TEST_P(BackendConformance, ParkEndsAtItsDeadlineAndNotBefore) {
  typename TypeParam::ParkingSlot slot;
  if constexpr (TypeParam::concurrent) {
    const auto park = [&](carpool::TimePoint deadline) { EXPECT_FALSE(slot.park_until(deadline)); };
    EXPECT_LT(smallest_lateness<TypeParam>(park), 50ms);
  } else {
    EXPECT_FALSE(slot.park_until(carpool::never)) << "nobody could ever unpark: it must return at once";
  }
}

TYPED_TEST_P(BackendConformance, ParkWithADeadlineInThePastReturns) {
  typename TypeParam::ParkingSlot slot;
  for (const carpool::TimePoint past : {carpool::TimePoint::min(), carpool::TimePoint{}, TypeParam::now()}) {
    EXPECT_FALSE(slot.park_until(past));
  }
}

TYPED_TEST_P(BackendConformance, ATokenLeftBeforeParkingIsNotLost) {
  typename TypeParam::ParkingSlot slot;
  unpark_and_wake(slot);
  EXPECT_TRUE(slot.park_until(carpool::never));
}

TYPED_TEST_P(BackendConformance, ATokenIsTakenEvenIfTheDeadlineHasPassed) {
  typename TypeParam::ParkingSlot slot;
  unpark_and_wake(slot);
  EXPECT_TRUE(slot.park_until(carpool::TimePoint::min()));
}

TYPED_TEST_P(BackendConformance, UnparkIsIdempotent) {
  typename TypeParam::ParkingSlot slot;
  for (int i = 0; i < 3; ++i) unpark_and_wake(slot);
  EXPECT_TRUE(slot.park_until(carpool::never));
  EXPECT_FALSE(slot.park_until(TypeParam::now() + 1ms)) << "three tokens are one token";
}

TYPED_TEST_P(BackendConformance, UnparkFromAnotherTaskWakes) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  typename TypeParam::ParkingSlot slot;
  for (int round = 0; round < 20; ++round) {
    auto task = TypeParam::spawn([&] {
      if (round % 2 == 0) TypeParam::sleep_until(TypeParam::now() + 1ms);  // so that it comes before and after the park
      unpark_and_wake(slot);
    });
    EXPECT_TRUE(slot.park_until(carpool::never));
    task.join();
  }
}

TYPED_TEST_P(BackendConformance, TheFarthestDeadlinesWaitAndDoNotOverflow) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  for (const carpool::TimePoint far : {carpool::never, carpool::never - 1ns, carpool::never - 1s,
                                       carpool::after(TypeParam::now(), std::chrono::hours(24 * 365 * 200))}) {
    typename TypeParam::ParkingSlot slot;
    auto task = TypeParam::spawn([&] {
      TypeParam::sleep_until(TypeParam::now() + 5ms);
      unpark_and_wake(slot);
    });
    EXPECT_TRUE(slot.park_until(far)) << "deadline " << far.time_since_epoch().count();
    task.join();
  }
}

TYPED_TEST_P(BackendConformance, SlotsAreIndependent) {
  typename TypeParam::ParkingSlot slot;
  typename TypeParam::ParkingSlot neighbour;
  unpark_and_wake(neighbour);
  EXPECT_FALSE(slot.park_until(TypeParam::now() + 1ms));
  EXPECT_TRUE(neighbour.park_until(carpool::never));
}

TYPED_TEST_P(BackendConformance, TokensPassToAndFroWithoutLoss) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  constexpr int rounds = 5'000;
  const auto play = [&](auto spawn) {
    typename TypeParam::ParkingSlot ping;
    typename TypeParam::ParkingSlot pong;
    auto other = spawn([&] {
      for (int i = 0; i < rounds && ping.park_until(carpool::never); ++i) unpark_and_wake(pong);
    });
    int returned = 0;
    for (int i = 0; i < rounds; ++i) {
      unpark_and_wake(ping);
      returned += pong.park_until(carpool::never);
    }
    other.join();
    EXPECT_EQ(returned, rounds);
  };
  play([](auto work) { return TypeParam::spawn(work); });
  play([](auto work) { return TypeParam::spawn_background(work); });
}

TYPED_TEST_P(BackendConformance, ATokenThatRacesWithTheDeadlineIsTakenExactlyOnce) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  constexpr int rounds = 2'000;
  typename TypeParam::ParkingSlot waiter;
  typename TypeParam::ParkingSlot waker;
  auto other = TypeParam::spawn_background([&] {
    for (int i = 0; i < rounds && waker.park_until(carpool::never); ++i) unpark_and_wake(waiter);
  });
  int late = 0;
  for (int i = 0; i < rounds; ++i) {
    unpark_and_wake(waker);
    // Up to 64 us: about the time that the other needs to wake up and to answer.
    const carpool::TimePoint deadline = TypeParam::now() + std::chrono::nanoseconds(TypeParam::random() % 65'536);
    if (waiter.park_until(deadline)) continue;
    ++late;
    ASSERT_GE(TypeParam::now(), deadline);
    ASSERT_TRUE(waiter.park_until(carpool::never)) << "the token of this round is still to come";
  }
  other.join();
  EXPECT_FALSE(waiter.park_until(TypeParam::now())) << "a token was made up";
  this->RecordProperty("late", late);
}

TYPED_TEST_P(BackendConformance, WhatWasWrittenBeforeUnparkIsReadAfterPark) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  constexpr int rounds = 1'000;
  typename TypeParam::ParkingSlot written;
  typename TypeParam::ParkingSlot read;
  int value = 0;  // passed to and fro by the slots alone: ThreadSanitizer sees a slot that does not publish
  auto writer = TypeParam::spawn_background([&] {
    for (int i = 1; i <= rounds; ++i) {
      value = i;
      unpark_and_wake(written);
      read.park_until(carpool::never);
    }
  });
  int wrong = 0;
  for (int i = 1; i <= rounds; ++i) {
    written.park_until(carpool::never);
    wrong += value != i;
    unpark_and_wake(read);
  }
  writer.join();
  EXPECT_EQ(wrong, 0);
}

TYPED_TEST_P(BackendConformance, AnEmptyOrMovedFromWakeupDoesNothing) {
  using Slot = typename TypeParam::ParkingSlot;
  using Wakeup = decltype(std::declval<Slot&>().unpark());
  Slot slot;
  {
    Wakeup empty{};
    Wakeup moved = std::move(empty);
    empty = std::move(moved);
  }
  EXPECT_FALSE(slot.park_until(TypeParam::now() + 1ms));
}

TYPED_TEST_P(BackendConformance, AMovedWakeupWakes) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  using Wakeup = decltype(std::declval<typename TypeParam::ParkingSlot&>().unpark());
  typename TypeParam::ParkingSlot slot;
  auto task = TypeParam::spawn([&] {
    TypeParam::sleep_until(TypeParam::now() + 2ms);
    Wakeup kept{};
    {
      Wakeup first = slot.unpark();
      Wakeup second(std::move(first));
      kept = std::move(second);
    }
  });
  EXPECT_TRUE(slot.park_until(carpool::never));
  task.join();
}

TYPED_TEST_P(BackendConformance, AWakeupMayOutliveItsSlot) {
  using Slot = typename TypeParam::ParkingSlot;
  std::optional<decltype(std::declval<Slot&>().unpark())> wakeup;
  {
    const auto slot = std::make_unique<Slot>();  // on the heap, where AddressSanitizer sees a late touch
    wakeup.emplace(slot->unpark());
    EXPECT_TRUE(slot->park_until(carpool::never));
  }
  wakeup.reset();
}

TYPED_TEST_P(BackendConformance, AWakeupMayOutliveASlotThatLeftByItsDeadline) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  using Slot = typename TypeParam::ParkingSlot;
  int rounds_woken = 0;
  for (int round = 0; round < 5; ++round) {
    typename TypeParam::Mutex mutex;
    auto slot = std::make_unique<Slot>();  // guarded by mutex, for all but its parker
    bool woken = false;
    auto waiter = TypeParam::spawn_background([&, parked = slot.get()] {
      woken = parked->park_until(TypeParam::now() + 20ms);
      const Lock<TypeParam> lock(mutex);
      slot.reset();
    });
    TypeParam::sleep_until(TypeParam::now() + 5ms);  // most likely it sleeps by now; if not, the law holds as well
    std::optional<decltype(slot->unpark())> wakeup;
    bool left_token = false;
    {
      const Lock<TypeParam> lock(mutex);
      if (slot) wakeup.emplace(slot->unpark()), left_token = true;
    }
    waiter.join();  // nobody has woken it: it has found the token at its deadline
    wakeup.reset();
    EXPECT_TRUE(left_token || !woken);
    rounds_woken += woken;
  }
  EXPECT_GT(rounds_woken, 0) << "a token that was left before the deadline was not found at the deadline";
}

TYPED_TEST_P(BackendConformance, SignalsNeitherEndNorProlongAPark) {
  if constexpr (is_simulated<TypeParam>) GTEST_SKIP() << "no real time passes in which a signal could come";
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  const AlarmStorm storm;
  const int alarms_before = AlarmStorm::alarms();
  typename TypeParam::ParkingSlot slot;
  const auto park = [&](carpool::TimePoint deadline) { EXPECT_FALSE(slot.park_until(deadline)); };
  EXPECT_LT(smallest_lateness<TypeParam>(park), 50ms);
  EXPECT_GT(AlarmStorm::alarms(), alarms_before);
}

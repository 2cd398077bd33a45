/// Laws of a backend's clocks, sleep, random numbers, worker names and fork counter.
#pragma once

#include "backend_conformance_fixture.hpp"
#include "process.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <unistd.h>

TYPED_TEST_P(BackendConformance, TimeNeverGoesBack) {
  carpool::TimePoint before = TypeParam::now();
  for (int i = 0; i < 100'000; ++i) {
    const carpool::TimePoint now = TypeParam::now();
    ASSERT_GE(now, before);
    before = now;
  }
  EXPECT_GT(before, carpool::TimePoint{}) << "the clock's zero is in the past";
}

TYPED_TEST_P(BackendConformance, TimeNeverGoesBackBetweenTasks) {
  typename TypeParam::Mutex mutex;
  carpool::TimePoint latest = TypeParam::now();  // guarded by mutex
  bool went_back = false;                        // guarded by mutex
  const auto compare_with_others = [&] {
    for (int i = 0; i < 5'000; ++i) {
      const Lock<TypeParam> lock(mutex);
      const carpool::TimePoint now = TypeParam::now();
      went_back |= now < latest;
      latest = now;
    }
  };
  auto other = TypeParam::spawn_background(compare_with_others);
  compare_with_others();
  other.join();
  EXPECT_FALSE(went_back);
}

TYPED_TEST_P(BackendConformance, CoarseTimeIsCloseToTimeAndNeverAhead) {
  carpool::Duration smallest_lag = carpool::forever;
  for (int i = 0; i < 1'000; ++i) {
    const carpool::TimePoint coarse = TypeParam::coarse_now();
    const carpool::TimePoint fine = TypeParam::now();
    ASSERT_LE(coarse, fine);
    smallest_lag = std::min(smallest_lag, fine - coarse);
  }
  EXPECT_LT(smallest_lag, 20ms);
}

TYPED_TEST_P(BackendConformance, CoarseTimeAdvances) {
  const carpool::TimePoint before = TypeParam::coarse_now();
  TypeParam::sleep_until(TypeParam::now() + 50ms);
  EXPECT_GE(TypeParam::coarse_now() - before, 20ms);
}

TYPED_TEST_P(BackendConformance, SleepEndsAtItsDeadlineAndNotBefore) {
  EXPECT_LT(smallest_lateness<TypeParam>([](carpool::TimePoint deadline) { TypeParam::sleep_until(deadline); }), 50ms);
}

TYPED_TEST_P(BackendConformance, SleepUntilThePastReturns) {
  for (const carpool::TimePoint past : {carpool::TimePoint::min(), carpool::TimePoint{}, TypeParam::now()}) {
    TypeParam::sleep_until(past);
  }
}

TYPED_TEST_P(BackendConformance, RandomNumbersVary) {
  std::set<std::uint64_t> drawn;
  std::uint64_t ever_one = 0;
  std::uint64_t ever_zero = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t number = TypeParam::random();
    drawn.insert(number);
    ever_one |= number;
    ever_zero |= ~number;
  }
  EXPECT_EQ(drawn.size(), 1'000u) << "a repetition among a thousand draws of 64 bits has a chance of 1 in 10^13";
  EXPECT_EQ(ever_one, std::numeric_limits<std::uint64_t>::max()) << "a bit is never set";
  EXPECT_EQ(ever_zero, std::numeric_limits<std::uint64_t>::max()) << "a bit is always set";
}

TYPED_TEST_P(BackendConformance, RandomNumbersDifferBetweenTasks) {
  std::vector<std::uint64_t> drawn(4 * 100);
  {
    std::vector<decltype(TypeParam::spawn_background(std::declval<void (*)()>()))> tasks;
    for (std::size_t task = 0; task < 4; ++task) {
      tasks.push_back(TypeParam::spawn_background([&drawn, task] {
        for (std::size_t i = 0; i < 100; ++i) drawn[task * 100 + i] = TypeParam::random();
      }));
    }
  }
  EXPECT_EQ(std::set<std::uint64_t>(drawn.begin(), drawn.end()).size(), drawn.size());
}

TYPED_TEST_P(BackendConformance, WorkerIsStableAndNotZero) {
  const auto stays_the_same = [] {
    const carpool::WorkerId worker = TypeParam::worker();
    EXPECT_NE(worker, 0u) << "0 means that nobody leased the slot yet";
    TypeParam::sleep_until(TypeParam::now() + 1ms);
    EXPECT_EQ(TypeParam::worker(), worker);
  };
  stays_the_same();
  TypeParam::spawn(stays_the_same).join();
  TypeParam::spawn_background(stays_the_same).join();
}

TYPED_TEST_P(BackendConformance, WorkersOfDifferentThreadsDiffer) {
  carpool::WorkerId other = 0;
  TypeParam::spawn_background([&] { other = TypeParam::worker(); }).join();
  EXPECT_EQ(other != TypeParam::worker(), TypeParam::concurrent);
}

TYPED_TEST_P(BackendConformance, AForkedChildCountsOneForkMore) {
  const std::uint64_t here = TypeParam::fork_generation();
  const auto forks_since = [&] { return static_cast<int>(TypeParam::fork_generation() - here); };
  EXPECT_EQ(run_in_forked_child(forks_since), 1);
  EXPECT_EQ(run_in_forked_child([&] { return run_in_forked_child(forks_since); }), 2) << "a grandchild counts two";
  EXPECT_EQ(TypeParam::fork_generation(), here) << "a fork is of no concern to the parent";
}

TYPED_TEST_P(BackendConformance, AForkedChildDrawsOtherRandomNumbers) {
  int channel[2];
  ASSERT_EQ(pipe(channel), 0);
  (void)TypeParam::random();  // seeded before the fork, so that the child has inherited the state
  const int written = run_in_forked_child([&] {
    const std::uint64_t number = TypeParam::random();
    return static_cast<int>(write(channel[1], &number, sizeof number));
  });
  ASSERT_EQ(written, static_cast<int>(sizeof(std::uint64_t)));
  std::uint64_t childs = 0;
  EXPECT_EQ(read(channel[0], &childs, sizeof childs), static_cast<ssize_t>(sizeof childs));
  EXPECT_NE(TypeParam::random(), childs);
  close(channel[0]);
  close(channel[1]);
}

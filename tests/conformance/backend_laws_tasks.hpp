/// Laws of a backend's tasks: spawn, spawn_background and join.
#pragma once

#include "backend_conformance_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <signal.h>

TYPED_TEST_P(BackendConformance, ATaskRunsAndWhatItWroteIsReadAfterJoin) {
  int foreground = 0;
  int background = 0;
  auto first = TypeParam::spawn([&] { foreground = 1; });
  auto second = TypeParam::spawn_background([&] { background = 2; });
  first.join();
  second.join();
  EXPECT_EQ(foreground, 1);
  EXPECT_EQ(background, 2);
}

TYPED_TEST_P(BackendConformance, ATaskReadsWhatWasWrittenBeforeSpawn) {
  std::vector<int> values;
  for (int i = 0; i < 50; ++i) {
    values.push_back(i);
    const auto look = [&] { EXPECT_EQ(values.back(), i); };
    TypeParam::spawn(look).join();
    TypeParam::spawn_background(look).join();
  }
}

TYPED_TEST_P(BackendConformance, JoinIsIdempotent) {
  int runs = 0;
  auto task = TypeParam::spawn([&] { ++runs; });
  task.join();
  task.join();
  EXPECT_EQ(runs, 1);
}

TYPED_TEST_P(BackendConformance, ADroppedTaskIsJoined) {
  bool foreground = false;
  bool background = false;
  const auto finish_late = [](bool& finished) {
    return [&finished] {
      TypeParam::sleep_until(TypeParam::now() + 5ms);
      finished = true;
    };
  };
  {
    [[maybe_unused]] const auto dropped = TypeParam::spawn(finish_late(foreground));
  }
  EXPECT_TRUE(foreground);
  {
    [[maybe_unused]] const auto dropped = TypeParam::spawn_background(finish_late(background));
  }
  EXPECT_TRUE(background);
}

TYPED_TEST_P(BackendConformance, ADetachedTaskGoesOnAndNobodyWaitsForIt) {
  typename TypeParam::ParkingSlot go;
  typename TypeParam::ParkingSlot ended;
  if constexpr (!TypeParam::concurrent) unpark_and_wake(go);
  const auto work = [&] {
    go.park_until(carpool::never);
    unpark_and_wake(ended);
  };
  TypeParam::spawn(work).detach();
  unpark_and_wake(go);
  EXPECT_TRUE(ended.park_until(carpool::never));
  if constexpr (!TypeParam::concurrent) return;
  TypeParam::spawn_background(work).detach();
  unpark_and_wake(go);
  EXPECT_TRUE(ended.park_until(carpool::never));
}

TYPED_TEST_P(BackendConformance, AFunctionMayOwnItsOwnTaskIfItDetachesIt) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "the task has ended before anybody has it";
  using Task = decltype(TypeParam::spawn(std::declval<void (*)()>()));
  typename TypeParam::ParkingSlot given;
  typename TypeParam::ParkingSlot ended;
  auto own = std::make_shared<Task>();
  Task task = TypeParam::spawn([&given, &ended, own] {
    given.park_until(carpool::never);
    own->detach();
    unpark_and_wake(ended);
  });
  *own = std::move(task);
  own.reset();
  unpark_and_wake(given);
  EXPECT_TRUE(ended.park_until(carpool::never));
}

TYPED_TEST_P(BackendConformance, ATaskThatIsAssignedOverIsJoined) {
  bool first = false;
  bool second = false;
  const auto finish_late = [](bool* finished) {
    TypeParam::sleep_until(TypeParam::now() + 5ms);
    *finished = true;
  };
  auto task = TypeParam::spawn(std::bind(finish_late, &first));
  task = TypeParam::spawn(std::bind(finish_late, &second));
  EXPECT_TRUE(first);
  task.join();
  EXPECT_TRUE(second);
}

TYPED_TEST_P(BackendConformance, AMovedTaskIsJoinedOnce) {
  int runs = 0;
  auto task = TypeParam::spawn([&] { ++runs; });
  auto moved = std::move(task);
  moved.join();
  EXPECT_EQ(runs, 1);
}

TYPED_TEST_P(BackendConformance, TasksTakeMoveOnlyCallables) {
  int sum = 0;
  const auto add = [&](std::unique_ptr<int> amount) { return [&sum, amount = std::move(amount)] { sum += *amount; }; };
  TypeParam::spawn(add(std::make_unique<int>(3))).join();
  TypeParam::spawn_background(add(std::make_unique<int>(4))).join();
  EXPECT_EQ(sum, 7);
}

TYPED_TEST_P(BackendConformance, TasksWaitForEachOther) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  constexpr std::size_t tasks = 20;
  std::vector<typename TypeParam::ParkingSlot> turns(tasks + 1);
  std::vector<std::size_t> order;
  {
    std::vector<decltype(TypeParam::spawn(std::declval<void (*)()>()))> running;
    for (std::size_t i = tasks; i-- > 0;) {  // the last to be spawned is the first in turn
      running.push_back(TypeParam::spawn([&, i] {
        turns[i].park_until(carpool::never);
        order.push_back(i);
        unpark_and_wake(turns[i + 1]);
      }));
    }
    unpark_and_wake(turns[0]);
    EXPECT_TRUE(turns[tasks].park_until(carpool::never));
  }
  ASSERT_EQ(order.size(), tasks);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TYPED_TEST_P(BackendConformance, ABackgroundTaskRunsWhileItsCallerDoesNotYield) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  typename TypeParam::template Atomic<int> ran{0};
  [[maybe_unused]] const auto task = TypeParam::spawn_background([&] { ran.store(1, std::memory_order_release); });
  const carpool::TimePoint give_up = TypeParam::now() + 20s;
  while (ran.load(std::memory_order_acquire) == 0 && TypeParam::now() < give_up) {
  }
  EXPECT_EQ(ran.load(std::memory_order_acquire), 1) << "the task waits for its caller to wait";
}

TYPED_TEST_P(BackendConformance, ABackgroundTaskOutlivesTheOneThatAskedForIt) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  typename TypeParam::ParkingSlot go;
  bool finished = false;
  decltype(TypeParam::spawn_background(std::declval<void (*)()>())) inner;
  TypeParam::spawn_background([&] {
    inner = TypeParam::spawn_background([&] {
      go.park_until(carpool::never);
      finished = true;
    });
  }).join();
  unpark_and_wake(go);
  inner.join();
  EXPECT_TRUE(finished);
}

TYPED_TEST_P(BackendConformance, ABackgroundTaskTakesNoSignalsButFaults) {
  if constexpr (is_simulated<TypeParam>) GTEST_SKIP() << "its tasks are all on the thread of their caller";
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "the task is its caller";
  const auto blocked = [](int signal) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return sigismember(&mask, signal) == 1;
  };
  TypeParam::spawn_background([&] {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM}) EXPECT_TRUE(blocked(signal)) << signal;
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) EXPECT_FALSE(blocked(fault)) << fault;
  }).join();
  EXPECT_FALSE(blocked(SIGTERM)) << "the caller takes what it took before";
}

TYPED_TEST_P(BackendConformance, AnExceptionThatLeavesATaskTerminates) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto fail = [] { throw std::runtime_error("leaves the task"); };
  EXPECT_DEATH(TypeParam::spawn(fail).join(), "leaves the task");
  EXPECT_DEATH(TypeParam::spawn_background(fail).join(), "leaves the task");
}

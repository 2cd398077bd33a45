// needs: fiber_backend
// Fibers and the threads they live on: how a thread gets its scheduler, and how it ends.
#include <carpool/fiber_backend.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/future.hpp>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;

TEST(FiberThreads, AThreadEndsWhenItsLastFiberHasAndSleepsUntilThen) {
  TwoSockets sockets;
  bool finished = false;
  std::thread thread([&] {
    boost::fibers::fiber([&] {
      EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN});
      Fibers::sleep_until(Fibers::now() + 1ms);
      finished = true;
    }).detach();
    Fibers::install();
  });
  clockid_t clock{};
  pthread_getcpuclockid(thread.native_handle(), &clock);
  Fibers::sleep_until(Fibers::now() + 100ms);
  std::timespec used{};
  clock_gettime(clock, &used);
  EXPECT_TRUE(used.tv_sec == 0 && used.tv_nsec < 50'000'000) << "it waits busily";
  sockets.send_to_near();
  thread.join();
  EXPECT_TRUE(finished);
}

TEST(FiberThreads, ATaskMayBeJoinedAfterItsThreadHasEnded) {
  Fibers::Task task;
  bool ran = false;
  std::thread([&] {
    task = Fibers::spawn([&] {
      Fibers::sleep_until(Fibers::now() + 1ms);
      ran = true;
    });
  }).join();
  task.join();
  EXPECT_TRUE(ran);
}

TEST(FiberThreads, FibersOfBoostGoOnWhileOursWait) {
  std::thread([] {
    int turns = 0;
    boost::fibers::fiber boosts([&] {
      for (; turns < 100; ++turns) boost::this_fiber::yield();  // begins under Boost's own scheduler
    });
    while (turns == 0) boost::this_fiber::yield();
    // Again where the thread itself did not run; too few waits for a fiber that has one turn in each.
    for (int wait = 0; turns < 100 && wait < 20; ++wait) Fibers::sleep_until(Fibers::now() + 5ms);
    EXPECT_EQ(turns, 100);
    boosts.join();
  }).join();
}

TEST(FiberThreads, WhatBoostWakesFromAnotherThreadIsWoken) {
  Fibers::install();
  constexpr int rounds = 3000;
  std::array<boost::fibers::promise<int>, rounds> promises;
  std::atomic<int> awaited{-1};
  const std::jthread other([&] {
    for (int i = 0; i < rounds; ++i) {
      while (awaited.load() < i) std::this_thread::yield();
      promises[static_cast<std::size_t>(i)].set_value(i);
    }
  });
  for (int i = 0; i < rounds; ++i) {
    auto future = promises[static_cast<std::size_t>(i)].get_future();
    awaited = i;
    ASSERT_EQ(future.wait_for(20s), boost::fibers::future_status::ready);
    EXPECT_EQ(future.get(), i);
  }
}

TEST(FiberThreads, ASchedulerWithForeignPropertiesIsNotReplaced) {
  struct Foreign final : boost::fibers::fiber_properties {
    using fiber_properties::fiber_properties;
  };
  std::thread([] {
    boost::fibers::fiber_properties* const properties = new Foreign(nullptr);
    boost::fibers::fiber(properties, [] { EXPECT_THROW(Fibers::install(), std::logic_error); }).join();
    Fibers::install();  // the thread's own fiber has none
  }).join();
}

/// There is no room in them for what the scheduler keeps, and Boost gives no chance to refuse the fiber.
TEST(FiberThreadsDeathTest, AFiberWithForeignPropertiesEndsTheProcess) {
  struct Foreign final : boost::fibers::fiber_properties {
    using fiber_properties::fiber_properties;
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const auto launch : {boost::fibers::launch::post, boost::fibers::launch::dispatch}) {
    const auto start = [launch] {
      Fibers::install();
      boost::fibers::fiber_properties* const properties = new Foreign(nullptr);
      boost::fibers::fiber(launch, properties, [] {}).join();
    };
    EXPECT_DEATH(start(), "properties of another scheduler");
  }
}

TEST(FiberThreads, BackgroundTasksShareOneThreadThatIsNobodyElses) {
  carpool::WorkerId first = 0;
  carpool::WorkerId second = 0;
  auto one = Fibers::spawn_background([&] { first = Fibers::worker(); });
  std::thread([&] { Fibers::spawn_background([&] { second = Fibers::worker(); }).join(); }).join();
  one.join();
  EXPECT_EQ(first, second);
  EXPECT_NE(first, Fibers::worker());
}

TEST(FiberThreads, AHundredBackgroundTasksRunAtOnce) {
  std::vector<Fibers::ParkingSlot> slots(100);
  std::vector<Fibers::Task> tasks;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    tasks.push_back(Fibers::spawn_background([&slots, i] {
      if (i + 1 < slots.size()) slots[i].park_until(never);
      if (i > 0) unpark_now(slots[i - 1]);
    }));
  }
}

TEST(FiberThreads, TheServiceThreadTakesNoSignals) {
  Fibers::spawn_background([] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGALRM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGSEGV), 0);
  }).join();
}

TEST(FiberThreads, WhatABackgroundTaskHoldsIsDestroyedBeforeItsJoinReturns) {
  const auto held = std::make_shared<int>(1);
  Fibers::spawn_background([copy = held] { Fibers::sleep_until(Fibers::now() + 1ms); }).join();
  EXPECT_EQ(held.use_count(), 1);
  Fibers::spawn([copy = held] { Fibers::sleep_until(Fibers::now() + 1ms); }).join();
  EXPECT_EQ(held.use_count(), 1);
}

/// A thread_local that is older than Boost's is destroyed later, when the thread has no scheduler any more. Static
/// objects of the main thread are in the same position.
struct LastWill {
  std::function<void()> deed;
  ~LastWill() {
    if (deed) deed();
  }
};

void after_the_scheduler(std::function<void()> deed) {
  std::thread([&] {
    static thread_local LastWill will;
    will.deed = std::move(deed);
    Fibers::sleep_until(Fibers::now() + 1ms);  // now the thread has a scheduler
  }).join();
}

TEST(FiberThreads, AThreadWithoutASchedulerCanStillPark) {
  Fibers::ParkingSlot slot;
  std::atomic<int> parked{0};
  std::thread other;
  after_the_scheduler([&] {
    const auto deadline = Fibers::now() + 5ms;
    EXPECT_FALSE(slot.park_until(deadline));
    EXPECT_GE(Fibers::now(), deadline);
    other = std::thread([&] { unpark_now(slot); });
    parked += slot.park_until(Fibers::now() + 20s);
    unpark_now(slot);
    parked += slot.park_until(Fibers::now());
  });
  other.join();
  EXPECT_EQ(parked, 2);
}

TEST(FiberThreads, AThreadWithoutASchedulerCanStillWaitAndRunTasks) {
  TwoSockets sockets;
  sockets.send_to_near();
  int ran = 0;
  after_the_scheduler([&] {
    EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN});
    EXPECT_EQ(Fibers::wait(sockets.near(), POLLPRI, Fibers::now() + 1ms), 0u);
    EXPECT_FALSE(Fibers::idle_hint(sockets.near()));
    Fibers::forget(sockets.near());
    Fibers::sleep_until(Fibers::now() + 1ms);
    Fibers::spawn([&] { ++ran; }).join();
    Fibers::spawn_background([&] { ++ran; }).join();
    ran += Fibers::run_blocking([] { return 1; });
  });
  EXPECT_EQ(ran, 3);
}

/// As std::thread does. It used to wait for itself, in silence.
TEST(FiberThreadsDeathTest, AFunctionThatKeepsItsOwnTaskEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto keep = [] {
    auto own = std::make_shared<Fibers::Task>();
    *own = Fibers::spawn([own] {});
    own.reset();
    Fibers::sleep_until(Fibers::now() + 30s);
  };
  EXPECT_DEATH(keep(), "a fiber joins itself");
}

}  // namespace

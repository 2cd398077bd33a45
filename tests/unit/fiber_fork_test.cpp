// needs: fiber_backend
// A forked child has its own copy of one thread's fibers, and shares with its parent what must not be shared.
#include <carpool/fiber_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"
#include "process.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;

/// A child that hangs is ended by its alarm.
template <class Work>
int run_in_bounded_child(Work work) {
  return run_in_forked_child([&work] {
    ::alarm(20);
    return work();
  });
}

/// The number of the first of the checks that does not hold; 0: all do.
template <class... Checks>
int first_failure(Checks... checks) {
  int number = 0;
  int failed = 0;
  ((++number, failed == 0 && !checks() ? static_cast<void>(failed = number) : void()), ...);
  return failed;
}

TEST(FiberFork, TheChildHasAReactorOfItsOwn) {
  TwoSockets inherited;
  Fibers::spawn_background([] {}).join();  // the parent's service thread and helpers exist
  Fibers::run_blocking([] {});
  ASSERT_EQ(Fibers::wait(inherited.near(), POLLIN, Fibers::now() + 1ms), 0u);
  const int failed = run_in_bounded_child([] {
    TwoSockets own;
    Fibers::ParkingSlot slot;
    int ran = 0;
    return first_failure([&] { return Fibers::wait(own.near(), POLLIN, Fibers::now() + 1ms) == 0; },
                         [&] {
                           auto sender = Fibers::spawn([&] { own.send_to_near(); });
                           return Fibers::wait(own.near(), POLLIN, Fibers::now() + 5s) == POLLIN;
                         },
                         [&] {
                           std::jthread other([&] { unpark_now(slot); });
                           return slot.park_until(Fibers::now() + 5s);
                         },
                         [&] {
                           Fibers::spawn_background([&] { ++ran; }).join();
                           return ran == 1;
                         },
                         [&] { return Fibers::run_blocking([] { return 7; }) == 7; });
  });
  EXPECT_EQ(failed, 0);
}

TEST(FiberFork, WhatTheChildDoesToItsCopiesTakesNothingFromTheParent) {
  TwoSockets shared;
  unsigned came = 0;
  auto waiting = Fibers::spawn([&] { came = Fibers::wait(shared.near(), POLLIN, Fibers::now() + 5s); });
  boost::this_fiber::yield();  // it is registered and waits
  const int failed = run_in_bounded_child([&] {
    return first_failure([&] { return Fibers::wait(shared.near(), POLLOUT, Fibers::now() + 5s) == POLLOUT; },
                         [&] {
                           Fibers::forget(shared.near());
                           return ::close(shared.near()) == 0;
                         });
  });
  EXPECT_EQ(failed, 0);
  const auto sent = Fibers::now();
  shared.send_to_near();
  waiting.join();
  EXPECT_EQ(came, unsigned{POLLIN});
  EXPECT_LT(Fibers::now() - sent, 1s) << "found by the last look at the deadline alone";
}

TEST(FiberFork, TheChildsCopyOfAWaitingFiberFailsInsteadOfHanging) {
  TwoSockets shared;
  unsigned came = 0;
  auto waiting = Fibers::spawn([&] { came = Fibers::wait(shared.near(), POLLIN, never); });
  boost::this_fiber::yield();
  const int seen_in_child = run_in_bounded_child([&] {
    waiting.join();
    return came == POLLNVAL ? 0 : 1;
  });
  EXPECT_EQ(seen_in_child, 0);
  shared.send_to_near();
  waiting.join();
  EXPECT_EQ(came, unsigned{POLLIN});
}

TEST(FiberFork, TasksOfThreadsThatTheChildDoesNotHaveAreJoinedAtOnce) {
  Gate end_background;
  Gate end_elsewhere;
  auto background = Fibers::spawn_background([&] { end_background.pass(); });
  std::atomic<bool> spawned{false};
  Fibers::Task elsewhere;
  std::thread thread([&] {
    elsewhere = Fibers::spawn([&] { end_elsewhere.pass(); });
    spawned = true;
  });
  while (!spawned) Fibers::sleep_until(Fibers::now() + 1ms);
  const int failed = run_in_bounded_child([&] {
    background.join();
    elsewhere.join();
    return 0;
  });
  EXPECT_EQ(failed, 0);
  end_background.open();
  end_elsewhere.open();
  thread.join();
}

/// How a child ended that called exit(), which runs the destructor of its scheduler, which waits for its fibers.
int status_of_orderly_child() {
  TwoSockets shared;
  auto waiting = Fibers::spawn([&] { EXPECT_NE(Fibers::wait(shared.near(), POLLIN, never), 0u); });
  boost::this_fiber::yield();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    std::exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  shared.send_to_near();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// In a program begun anew: a child has lost what only its parent's other threads referred to, and LeakSanitizer says
/// so.
TEST(FiberForkDeathTest, AChildThatEndsOrderlyDoesNotHang) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(::_exit(status_of_orderly_child()), testing::ExitedWithCode(0), "");
}

TEST(FiberFork, AFiberMayFork) {
  Fibers::spawn([] {
    EXPECT_EQ(run_in_bounded_child([] {
                Fibers::sleep_until(Fibers::now() + 1ms);
                return 0;
              }),
              0);
  }).join();
}

TEST(FiberFork, GrandchildrenWorkToo) {
  Fibers::spawn_background([] {}).join();
  const auto background_works = [] {
    int ran = 0;
    Fibers::spawn_background([&] { ++ran; }).join();
    return ran == 1 ? 0 : 1;
  };
  EXPECT_EQ(run_in_bounded_child(
                [&] { return background_works() + run_in_bounded_child(background_works) + background_works(); }),
            0);
}

TEST(FiberFork, TheChildLeavesTheParentsBellAlone) {
  Fibers::ParkingSlot slot;
  std::atomic<bool> forked{false};
  std::thread thread([&] {
    while (!forked) std::this_thread::yield();
    unpark_now(slot);
  });
  EXPECT_EQ(run_in_bounded_child([] {
              Fibers::sleep_until(Fibers::now() + 5ms);
              return 0;
            }),
            0);
  forked = true;
  EXPECT_TRUE(slot.park_until(Fibers::now() + 5s));
  thread.join();
}

TEST(FiberFork, ATokenThatCameJustBeforeTheForkIsNotLostInTheChild) {
  Fibers::ParkingSlot slot;
  bool woken = false;
  auto waiting = Fibers::spawn([&] { woken = slot.park_until(Fibers::now() + 10s); });
  boost::this_fiber::yield();
  std::thread([&] { unpark_now(slot); }).join();  // this thread has not looked yet
  EXPECT_EQ(run_in_bounded_child([&] {
              waiting.join();
              return woken ? 0 : 1;
            }),
            0);
  waiting.join();
  EXPECT_TRUE(woken);
}

}  // namespace

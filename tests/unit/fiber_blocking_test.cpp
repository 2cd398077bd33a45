// needs: fiber_backend
// Calls that cannot but block, on helper threads.
#include <carpool/fiber_backend.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "fiber_situations.hpp"

namespace {

using namespace std::chrono_literals;

TEST(FiberBlocking, TheOtherFibersGoOnWhileOneBlocks) {
  bool done = false;
  int beats = 0;
  auto heartbeat = Fibers::spawn([&] {
    while (!done) {
      Fibers::sleep_until(Fibers::now() + 1ms);
      ++beats;
    }
  });
  std::vector<Fibers::Task> blocking;
  for (int i = 0; i < 8; ++i) {
    blocking.push_back(Fibers::spawn([] { Fibers::run_blocking([] { std::this_thread::sleep_for(100ms); }); }));
  }
  blocking.clear();
  done = true;
  heartbeat.join();
  EXPECT_GT(beats, 20) << "eight calls that hold up the thread leave about as many";
}

TEST(FiberBlocking, CallsRunOnAtMostFourOtherThreads) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::atomic<int> here{0};
  const carpool::WorkerId caller = Fibers::worker();
  std::vector<Fibers::Task> tasks;
  for (int i = 0; i < 32; ++i) {
    tasks.push_back(Fibers::spawn([&] {
      Fibers::run_blocking([&] {
        most = std::max(most.load(), ++running);
        here += Fibers::worker() == caller;
        std::this_thread::sleep_for(2ms);
        --running;
      });
    }));
  }
  tasks.clear();
  EXPECT_LE(most, 4);
  EXPECT_GT(most, 1);
  EXPECT_EQ(here, 0);
}

TEST(FiberBlocking, FibersOfManyThreadsShareTheHelpers) {
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&sum] {
      std::vector<Fibers::Task> tasks;
      for (int i = 0; i < 50; ++i) {
        tasks.push_back(Fibers::spawn([&sum] {
          for (int call = 0; call < 20; ++call) sum += Fibers::run_blocking([] { return 1; });
        }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 4 * 50 * 20);
}

TEST(FiberBlocking, AnyKindOfResultComesBack) {
  EXPECT_EQ(*Fibers::run_blocking([] { return std::make_unique<int>(7); }), 7);
  EXPECT_EQ(Fibers::run_blocking([] { return std::string("seven"); }), "seven");
  int object = 7;
  int& reference = Fibers::run_blocking([&]() -> int& { return object; });
  EXPECT_EQ(&reference, &object);
  auto&& moved = Fibers::run_blocking([&]() -> int&& { return static_cast<int&&>(object); });
  EXPECT_EQ(&moved, &object);
  static_assert(std::is_void_v<decltype(Fibers::run_blocking([] {}))>);
  auto once = [owned = std::make_unique<int>(7)]() mutable { return std::move(owned); };
  EXPECT_EQ(*Fibers::run_blocking(std::move(once)), 7);
}

TEST(FiberBlocking, AnExceptionComesBackAsItWasThrown) {
  struct Own : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (int i = 0; i < 100; ++i) {
    try {
      Fibers::run_blocking([i] { throw Own(std::to_string(i)); });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Own& error) {
      EXPECT_EQ(error.what(), std::to_string(i));
    }
  }
}

TEST(FiberBlocking, ACallMayUseTheBackendItself) {
  const int sum = Fibers::run_blocking([] {
    Fibers::sleep_until(Fibers::now() + 1ms);  // gives the helper a scheduler
    return 1 + Fibers::run_blocking([] { return 1; });
  });
  EXPECT_EQ(sum, 2);
}

}  // namespace

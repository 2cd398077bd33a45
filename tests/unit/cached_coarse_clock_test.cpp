// needs: thread_backend
/// The clock that ticks while callers ask for the time all the time.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/posix/cached_coarse_clock.hpp>
#include <carpool/posix/reaper_service.hpp>
#include <carpool/single_backend.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include "held_by.hpp"
#include "process.hpp"
#include "sanitizer.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::TimePoint;
using carpool::detail::CachedCoarseClock;
using carpool::detail::clock_coarse_now;
using carpool::detail::clock_now;
using carpool::detail::ReaperService;

struct Numbers {
  using Connection = int;
  [[nodiscard]] int connect(TimePoint) const { return 0; }
  [[nodiscard]] bool is_connected(int) const noexcept { return true; }
};

/// Asks for the time until the clock ticks; false: it does not within 20 s.
bool ask_until_it_ticks() {
  for (const TimePoint end = clock_now() + 20s; !CachedCoarseClock::is_ticking();) {
    for (int i = 0; i < 1'000; ++i) static_cast<void>(CachedCoarseClock::now());
    if (clock_now() > end) return false;
  }
  return true;
}
bool soon_it_stands_still() {
  for (const TimePoint end = clock_now() + 20s; CachedCoarseClock::is_ticking(); std::this_thread::yield()) {
    if (clock_now() > end) return false;
  }
  return true;
}
/// Until the kernel's coarse clock shows another time.
void await_next_tick_of_the_kernel() {
  for (const TimePoint now = clock_coarse_now(); clock_coarse_now() == now;) std::this_thread::yield();
}

// First, because the others make the thread.
TEST(CachedCoarseClock, WithoutAThreadTheClockIsRead) {
  for (int i = 0; i < 100'000; ++i) static_cast<void>(CachedCoarseClock::now());
  EXPECT_FALSE(CachedCoarseClock::is_ticking());
  EXPECT_LT(clock_now() - CachedCoarseClock::now(), 1s);
}

TEST(CachedCoarseClock, TicksWhileItIsAskedAndNoLonger) {
  ReaperService::keep_coarse_clock();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ask_until_it_ticks());
    EXPECT_TRUE(soon_it_stands_still());
  }
}

TEST(CachedCoarseClock, ACallerThatAsksNowAndThenReadsTheSystemsClock) {
  ReaperService::keep_coarse_clock();
  ASSERT_TRUE(soon_it_stands_still());
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 10; ++j) static_cast<void>(CachedCoarseClock::now());
    EXPECT_FALSE(CachedCoarseClock::is_ticking());
    await_next_tick_of_the_kernel();
  }
}

TEST(CachedCoarseClock, IsNeverAheadAndGoesOn) {
  ReaperService::keep_coarse_clock();
  const auto ask = [] {
    for (const TimePoint end = clock_now() + 200ms; clock_now() < end;) {
      const TimePoint shown = CachedCoarseClock::now();
      ASSERT_LE(shown, clock_now());
    }
    EXPECT_GE(CachedCoarseClock::now(), clock_now() - 10s);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(ask);
  const TimePoint before = CachedCoarseClock::now();
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(CachedCoarseClock::now() - before, 100ms);
}

TEST(CachedCoarseClock, AForkedChildHasATimeOfItsOwn) {
  if (CARPOOL_THREAD_SANITIZER) GTEST_SKIP() << "ThreadSanitizer forbids a forked child new threads";
  ReaperService::keep_coarse_clock();
  ASSERT_TRUE(ask_until_it_ticks());
  const int status = run_in_forked_child([] {
    const TimePoint before = CachedCoarseClock::now();
    for (int i = 0; i < 3; ++i) await_next_tick_of_the_kernel();
    if (CachedCoarseClock::now() <= before) return 1;  // still the time of the fork
    ReaperService::keep_coarse_clock();
    return ask_until_it_ticks() ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

using PoolOfOneThread = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Numbers>;

void use(PoolOfOneThread& pool, int times) {
  for (int i = 0; i < times; ++i) static_cast<void>(held_by(pool.acquire()));
}

/// A process with one thread may do more than one with two. In a forked child, which has no thread for the clock yet.
TEST(CachedCoarseClock, APoolOfOneThreadBringsNone) {
  const int status = run_in_forked_child([] {
    PoolOfOneThread pool(Numbers{});
    use(pool, 100'000);
    return CachedCoarseClock::has_thread() ? 1 : 0;
  });
  EXPECT_EQ(status, 0);
}

TEST(CachedCoarseClock, APoolOfOneThreadUsesTheOneThatIsThere) {
  carpool::SingleBackend::install_coarse_clock();
  ASSERT_TRUE(CachedCoarseClock::has_thread());
  ASSERT_TRUE(soon_it_stands_still());
  PoolOfOneThread pool(Numbers{});
  for (const TimePoint end = clock_now() + 20s; !CachedCoarseClock::is_ticking() && clock_now() < end;)
    use(pool, 1'000);
  EXPECT_TRUE(CachedCoarseClock::is_ticking());
}

/// 0: there is none of that name.
[[nodiscard]] pid_t thread_of_name(const std::string& wanted) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name == wanted) return std::stoi(thread.path().filename());
  }
  return 0;
}

/// The thread that makes the first pool may be pinned to a processor and keep it busy in real time.
TEST(CachedCoarseClock, MayRunOnEveryProcessorOfTheProcess) {
  if (CARPOOL_THREAD_SANITIZER) GTEST_SKIP() << "ThreadSanitizer forbids a forked child new threads";
  cpu_set_t all;
  ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "there is only one processor";
  const int status = run_in_forked_child([&all] {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
      if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    }
    ::sched_setaffinity(0, sizeof one, &one);
    ReaperService::keep_coarse_clock();
    for (const TimePoint end = clock_now() + 20s; clock_now() < end; std::this_thread::yield()) {
      const pid_t host = thread_of_name("carpool-reaper");
      cpu_set_t its;
      if (host != 0 && ::sched_getaffinity(host, sizeof its, &its) == 0 && CPU_EQUAL(&its, &all)) return 0;
    }
    return 1;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace

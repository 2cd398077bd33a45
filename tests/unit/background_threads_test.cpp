// needs: boost_thread_backend
// How many threads pools have beside those of their users, what these are called, and what happens where none is to be
// had.
#include <carpool/boost_thread_backend.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/posix/cached_coarse_clock.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "eventually.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

/// The names of this process's threads that the library started.
std::vector<std::string> background_threads() {
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (name.starts_with("carpool-")) names.push_back(name);
  }
  return names;
}
std::size_t threads_named(const std::string& name) {
  const auto names = background_threads();
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}

template <class Backend>
class BackgroundThreads : public ::testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

  [[nodiscard]] std::unique_ptr<Pool> make(carpool::PoolOptions options = {}) const {
    return std::make_unique<Pool>(server.connector(), std::move(options));
  }
  [[nodiscard]] std::vector<std::unique_ptr<Pool>> make_many(std::size_t count) const {
    std::vector<std::unique_ptr<Pool>> pools;
    for (std::size_t i = 0; i < count; ++i) pools.push_back(make());
    return pools;
  }
  carpool::FakeServer server;
};
using Backends = ::testing::Types<carpool::ThreadBackend, carpool::BoostThreadBackend>;
TYPED_TEST_SUITE(BackgroundThreads, Backends);

TYPED_TEST(BackgroundThreads, AreOneForAllPoolsThatRest) {
  const auto pools = this->make_many(100);
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([] { return threads_named("carpool-reaper") == 1; }));
  EXPECT_EQ(background_threads().size(), 1U) << "of pools that nobody has used";
  for (const auto& pool : pools) pool->acquire().release();
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([] { return background_threads().size() == 1; }))
      << background_threads().size();
  EXPECT_EQ(threads_named("carpool-reaper"), 1U);
  for (const auto& pool : pools) ASSERT_TRUE(pool->acquire_for(20s)) << "they rest, they are not ill";
}

TYPED_TEST(BackgroundThreads, EndWithTheLastPool) {
  this->make()->acquire().release();
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([] { return background_threads().empty(); }));
  this->make()->acquire().release();  // and begin again
}

/// After a thousand acquires and releases, which ask for the time twice each.
template <class Pool>
[[nodiscard]] bool is_ticking_for(Pool& pool) {
  for (int i = 0; i < 1'000; ++i) pool.acquire().release();
  return carpool::detail::CachedCoarseClock::is_ticking();
}

TYPED_TEST(BackgroundThreads, AreOneAlsoWhileTheCoarseClockTicks) {
  const auto pool = this->make();
  const auto only_one = [&] { return is_ticking_for(*pool) && background_threads().size() == 1; };
  EXPECT_TRUE(eventually<carpool::ThreadBackend>(only_one)) << background_threads().size();
  EXPECT_EQ(threads_named("carpool-reaper"), 1U);
}

// Whoever still asks reads the system's clock from then on, and the next pool brings the thread again.
TYPED_TEST(BackgroundThreads, TakeTheCoarseClockWithThemThoughItIsAsked) {
  using carpool::detail::CachedCoarseClock;
  for (int round = 0; round < 2; ++round) {
    {
      const auto pool = this->make();
      EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return is_ticking_for(*pool); }));
    }
    EXPECT_TRUE(eventually<carpool::ThreadBackend>([] {
      for (int i = 0; i < 1'000; ++i) {
        const auto coarse = CachedCoarseClock::now();  // before: an argument of EXPECT_LE might be computed last
        EXPECT_LE(coarse, TypeParam::now());
      }
      return background_threads().empty();
    }));
    EXPECT_FALSE(CachedCoarseClock::has_thread());
    EXPECT_FALSE(CachedCoarseClock::is_ticking());
    EXPECT_LT(TypeParam::now() - CachedCoarseClock::now(), 1s);
  }
}

TYPED_TEST(BackgroundThreads, SayWhoseTheyAre) {
  this->server.other_connects(held());
  const auto pool = this->make();
  static_cast<void>(pool->try_acquire());
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return this->server.counts().connecting == 1; }));
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([] { return threads_named("carpool-worker") == 1; }));
  this->server.let_through(2);
}

/// A backend that has no thread to give when it is told so.
struct StingyBackend : carpool::ThreadBackend {
  static inline std::atomic<bool> has_none = false;
  static inline std::atomic<int> refusals = 0;
  template <class F>
  static Task spawn_background(F&& f) {
    if (has_none) {
      ++refusals;
      throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    }
    return carpool::ThreadBackend::spawn_background(std::forward<F>(f));
  }
};
using BackgroundThreadsToCome = BackgroundThreads<StingyBackend>;

// Whoever waits for a connect makes it, and what has time is done when there is a thread again.
TEST_F(BackgroundThreadsToCome, AreMadeUpForByCallersWhoWait) {
  StingyBackend::has_none = true;
  const auto pool = make({.max_size = 2});
  auto lease = pool->acquire_for(20s);
  EXPECT_TRUE(lease);
  EXPECT_EQ(pool->prewarm(1, 20s), 1U);
  lease.discard();
  EXPECT_TRUE(pool->try_acquire());
  const int refusals = StingyBackend::refusals;
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return StingyBackend::refusals > refusals; }))
      << "nobody tries again";
  StingyBackend::has_none = false;
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return pool->stats().closing == 0; }));
  EXPECT_EQ(server.counts().open, 1U);
}

// The callers who wait already, and those who come.
TEST_F(BackgroundThreadsToCome, AreMadeUpForByThoseWhoWaitAlready) {
  StingyBackend::has_none = true;
  server.next_connects({refuse("down"), ok()});
  const auto pool = make({.max_size = 1, .connect_backoff = {1ms, 1ms}});
  std::atomic<int> served = 0;
  {
    std::vector<carpool::ThreadBackend::Task> callers;
    for (int i = 0; i < 5; ++i) {
      callers.push_back(carpool::ThreadBackend::spawn([&] { served += pool->acquire_for(20s) ? 1 : 0; }));
    }
  }
  EXPECT_EQ(served, 5);
  StingyBackend::has_none = false;
}

// A connect that hangs is its own pool's trouble.
TYPED_TEST(BackgroundThreads, OfOnePoolHoldUpNoOther) {
  this->server.next_connects({held()});
  const auto stuck = this->make();
  static_cast<void>(stuck->try_acquire());
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return this->server.counts().connecting == 1; }));
  const auto others = this->make_many(20);
  for (const auto& pool : others) EXPECT_TRUE(pool->acquire_for(20s));
  this->server.let_through(2);
}

// A worker that ends and a job that comes just then: whichever is first, the job is run.
TYPED_TEST(BackgroundThreads, MissNothingThatComesWhenTheyGoHome) {
  const auto pool = this->make({.max_size = 1});
  for (int round = 0; round < 4; ++round) {
    pool->acquire_for(20s).discard();
    TypeParam::sleep_until(TypeParam::now() + 990ms + round * 5ms);
    EXPECT_TRUE(pool->acquire_for(20s));
  }
}

// Making and ending a pool costs no thread, so ten thousand are made in the time of a few.
TYPED_TEST(BackgroundThreads, AreNotStartedByPoolsThatNobodyUses) {
  for (int i = 0; i < 3; ++i) {
    const auto pools = this->make_many(2'000);
    EXPECT_LE(background_threads().size(), 1U);
  }
}

}  // namespace

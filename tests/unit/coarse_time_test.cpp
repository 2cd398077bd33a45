// needs: thread_backend
/// A pool whose coarse clock the test moves: what happens within one tick of it, and when it goes back a little.
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::Duration;
using carpool::TimePoint;

/// Threads whose coarse clock moves when it is told to.
struct StillBackend : carpool::ThreadBackend {
  static inline std::atomic<Duration::rep> passed{0};
  static inline const TimePoint start = carpool::ThreadBackend::now();
  [[nodiscard]] static TimePoint coarse_now() noexcept { return start + Duration(passed.load()); }
  static void move(Duration time) { passed += time.count(); }
};

struct Holds {
  std::shared_ptr<std::vector<Duration>> seen = std::make_shared<std::vector<Duration>>();
  void released(std::uint64_t, Duration held) const { seen->push_back(held); }
};

template <class Eviction>
using Pool = carpool::ConnectionPool<StillBackend, carpool::LifoStack, carpool::FakeConnector, Eviction, Holds>;

TEST(CoarseTime, AHoldIsNotShorterThanNothingWhereTheClockGoesBack) {
  carpool::FakeServer server;
  const Holds holds;
  Pool<carpool::NeverEvict> pool(server.connector(), {.max_size = 1}, {}, holds);
  for (const Duration time : {5ms, -3ms, 0ms}) {
    auto lease = pool.acquire();
    StillBackend::move(time);
  }
  EXPECT_EQ(*holds.seen, (std::vector<Duration>{5ms, 0ms, 0ms}));
  EXPECT_EQ(server.counts().opened, 1U);
}

}  // namespace

// Pools whose targets throw, or whose options have no limit: nothing ends the process, and everybody is served.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

/// Its == throws while it is told to.
struct Fragile {
  std::string name;

  [[nodiscard]] static std::atomic<bool>& throws() noexcept {
    static std::atomic<bool> now{false};
    return now;
  }
  bool operator==(const Fragile& other) const {
    if (throws()) throw std::bad_alloc();
    return name == other.name;
  }
};

struct Shards {
  using Target = Fragile;
  struct Connection {
    std::string name;
  };
  [[nodiscard]] Connection connect(const Target& target, carpool::TimePoint) const { return {target.name}; }
  [[nodiscard]] bool matches(const Connection& connection, const Target& target) const {
    return connection.name == target.name;
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
};

}  // namespace

template <>
struct std::hash<Fragile> {
  std::size_t operator()(const Fragile& target) const noexcept { return std::hash<std::string>{}(target.name); }
};

namespace {

// C3: who leaves the line does not look for its endpoint by the target.
TEST(OutlandishPools, ATargetWhoseComparisonThrowsEndsNoProcess) {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Shards>;
  Pool pool({}, {.max_size = 1});
  auto held = pool.acquire(Fragile{"a"});
  std::atomic<bool> over{false};
  std::thread waiter([&] {
    EXPECT_THROW((void)pool.acquire_for(Fragile{"a"}, 1s), carpool::AcquireTimeout);
    over = true;
  });
  while (pool.stats().waiting == 0 && !over) std::this_thread::yield();
  Fragile::throws() = true;
  waiter.join();
  Fragile::throws() = false;
  held.release();
  EXPECT_TRUE(pool.acquire_for(Fragile{"a"}, 10s));
}

// C1: a limit near the greatest number is no limit, and not none at all.
TEST(OutlandishPools, MaxConnectingMayBeAnyNumber) {
  for (const std::size_t below : {0U, 3U}) {
    carpool::FakeServer server;
    using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;
    Pool pool(server.connector(), {.max_size = 4, .max_connecting = std::numeric_limits<std::size_t>::max() - below});
    EXPECT_EQ(pool.prewarm(4, 10s), 4U);
    EXPECT_TRUE(pool.acquire_for(10s));
  }
}

struct SlowConnector {
  struct Connection {};
  [[nodiscard]] Connection connect(carpool::TimePoint) const {
    std::this_thread::sleep_for(20ms);
    return {};
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
};

// C1: "as many as there may be" leaves connects to callers, beside the idle ones that are wanted.
TEST(OutlandishPools, PrewarmMayAskForAnyNumber) {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, SlowConnector> pool({}, {.max_size = 4});
  std::thread warming([&] { EXPECT_LE(pool.prewarm(std::numeric_limits<std::size_t>::max(), 10s), 4U); });
  while (pool.stats().connecting == 0) std::this_thread::yield();
  std::atomic<int> served{0};
  const auto hold = [&] {
    const auto lease = pool.acquire_for(3s);
    ++served;
    while (served < 2 && pool.stats().timeouts == 0) std::this_thread::yield();
  };
  std::thread first([&] { EXPECT_NO_THROW(hold()); });
  std::thread second([&] { EXPECT_NO_THROW(hold()); });
  first.join();
  second.join();
  warming.join();
}

}  // namespace

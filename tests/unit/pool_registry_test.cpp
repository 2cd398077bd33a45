// A registry of pools: names, what watchers see, and pools that end while somebody looks at them.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/observers.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

using carpool::FakeServer;
using carpool::MetricsObserver;
using carpool::PoolRegistry;
using carpool::WatchedPool;
using Plain = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;
using Metered =
    carpool::ConnectionPool<carpool::SingleBackend, carpool::AffineBag, carpool::FakeConnector,
                            carpool::DefaultEviction, carpool::Observers<carpool::NoObserver, MetricsObserver>>;

/// Says where it connects to.
struct Sessions {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  std::string describe() const { return "10.0.0.7:5432/orders"; }
};

std::vector<std::string> names_in(const PoolRegistry& registry) {
  std::vector<std::string> names;
  registry.for_each([&](const std::string& name, WatchedPool&) { names.push_back(name); });
  return names;
}

TEST(PoolRegistry, ShowsPoolsOfAnyTypeAsLongAsTheyAreRegistered) {
  const FakeServer server;
  PoolRegistry registry;
  Plain orders(server.connector(), {.name = "orders", .max_size = 3});
  Metered users(server.connector(), {.name = "users"});
  const auto lease = orders.acquire();
  static_cast<void>(users.acquire());
  {
    const auto first = registry.add(orders);
    auto second = registry.add(users);
    EXPECT_EQ(names_in(registry), (std::vector<std::string>{"orders", "users"}));
    EXPECT_TRUE(registry.visit("orders", [&](const WatchedPool& pool) {
      EXPECT_EQ(pool.stats().in_use, 1U);
      EXPECT_EQ(pool.options().max_size, 3U);
      ASSERT_EQ(pool.holders().size(), 1U);
      EXPECT_EQ(pool.holders()[0].connection, lease.id());
      EXPECT_EQ(pool.endpoints().size(), 1U);
      EXPECT_FALSE(pool.metrics()) << "it has no MetricsObserver";
    }));
    EXPECT_TRUE(registry.visit("users", [&](const WatchedPool& pool) {
      ASSERT_TRUE(pool.metrics()) << "one of its observers counts";
      EXPECT_EQ(pool.metrics()->use_time.count(), 1U);
    }));
    auto moved = std::move(second);
    EXPECT_EQ(registry.size(), 2U);
    EXPECT_EQ(moved.name(), "users");
    EXPECT_EQ(second.name(), "");  // NOLINT(bugprone-use-after-move): it is empty, and says so
    second = std::move(moved);
    EXPECT_EQ(registry.size(), 2U);
  }
  EXPECT_EQ(registry.size(), 0U);
  EXPECT_FALSE(registry.visit("orders", [](WatchedPool&) { ADD_FAILURE(); }));
}

TEST(PoolRegistry, NamesAPoolAfterItsServerAndGivesNoNameTwice) {
  using Named = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Sessions>;
  PoolRegistry registry;
  Named by_server(Sessions{});
  Named same_server(Sessions{});
  Named by_name(Sessions{}, {.name = "orders"});
  const FakeServer server;
  Plain nameless(server.connector());
  const auto a = registry.add(by_server);
  const auto b = registry.add(same_server);
  const auto c = registry.add(by_name);
  const auto d = registry.add(nameless);
  EXPECT_EQ(names_in(registry),
            (std::vector<std::string>{"10.0.0.7:5432/orders", "10.0.0.7:5432/orders#2", "orders", "pool"}));
}

TEST(PoolRegistry, SteersAPool) {
  const FakeServer server;
  PoolRegistry registry;
  Plain pool(server.connector(), {.name = "orders"});
  const auto registration = registry.add(pool);
  static_cast<void>(pool.acquire());
  const auto tell = [&](auto what) { EXPECT_TRUE(registry.visit("orders", what)); };
  tell([](WatchedPool& each) { each.suspend(); });
  EXPECT_TRUE(pool.stats().suspended);
  tell([](WatchedPool& each) { each.resume(); });
  EXPECT_FALSE(pool.stats().suspended);
  tell([](WatchedPool& each) { each.resize(3); });
  EXPECT_EQ(pool.stats().max_size, 3U);
  EXPECT_THROW(registry.visit("orders", [](WatchedPool& each) { each.resize(0); }), std::invalid_argument);
  tell([](WatchedPool& each) { EXPECT_EQ(each.clear(), 1U); });
  auto lease = pool.acquire();
  tell([](WatchedPool& each) { each.retire_all(); });
  tell([](WatchedPool& each) { EXPECT_EQ(each.drain(), 1U); });
  EXPECT_TRUE(pool.stats().closed);
}

TEST(PoolRegistry, APoolThatEndsWaitsForWhoLooksAtItAndForNobodyElse) {
  const FakeServer server;
  PoolRegistry registry;
  auto pool = std::make_unique<Plain>(server.connector(), carpool::PoolOptions{.name = "orders"});
  auto registration = std::make_unique<PoolRegistry::Registration>(registry.add(*pool));
  std::atomic<bool> looks{false};
  std::atomic<bool> looked{false};
  std::thread watcher([&] {
    registry.for_each([&](const std::string&, const WatchedPool& each) {
      looks = true;
      std::this_thread::sleep_for(50ms);
      EXPECT_EQ(each.stats().in_use, 0U);
      looked = true;
    });
  });
  while (!looks) std::this_thread::yield();
  registration.reset();
  EXPECT_TRUE(looked);
  pool.reset();
  watcher.join();
}

TEST(PoolRegistry, PoolsComeAndGoWhileOthersLook) {
  const FakeServer server;
  PoolRegistry registry;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> looks{0};
  std::thread watcher([&] {
    while (!over) {
      registry.for_each([&](const std::string& name, const WatchedPool& each) {
        EXPECT_EQ(name.substr(0, 6), "orders");
        looks += each.stats().max_size;
      });
      std::this_thread::sleep_for(20us);
    }
  });
  for (int i = 0; i < 300 || looks == 0; ++i) {
    Plain pool(server.connector(), {.name = "orders"});
    Plain other(server.connector(), {.name = "orders"});
    const auto first = registry.add(pool);
    const auto second = registry.add(other);
  }
  over = true;
  watcher.join();
  EXPECT_EQ(registry.size(), 0U);
}

TEST(PoolRegistry, MayEndBeforeItsRegistrations) {
  const FakeServer server;
  Plain pool(server.connector());
  auto registry = std::make_unique<PoolRegistry>();
  const auto registration = registry->add(pool);
  registry.reset();
  EXPECT_EQ(registration.name(), "pool");
}

}  // namespace

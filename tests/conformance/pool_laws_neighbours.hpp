/// Laws of neighbours: whatever one endpoint's server does, callers of the others are served.
#pragma once

#include <carpool/fifo_queue.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool_laws_fixture.hpp"
#include "pool_laws_targets.hpp"

namespace pool_laws {

/// What the servers of a GatedConnector do. Names that begin with "sick" hang, in everything, until the gate opens.
template <class Backend>
struct GatedServers {
  std::atomic<bool> open{false};
  std::atomic<int> waiting{0};  // calls that hang at the gate now
  std::atomic<int> connects{0};
  std::atomic<int> pings{0};

  void pass(const std::string& name, TimePoint deadline) {
    if (!name.starts_with("sick")) return;
    ++waiting;
    while (!open && Backend::now() < deadline) Backend::sleep_until(Backend::now() + 200us);
    --waiting;
    if (!open) throw std::runtime_error(name + " does not answer");
  }
};

/// Every connection is dirty when it comes back, and has a goodbye. Targets decide which server it is.
template <class Backend>
struct GatedConnector {
  using Target = std::string;
  struct Connection {
    std::string name;
    std::string sick_of;  // what hangs of it: "reset", "ping" or "goodbye"; the target's last word
  };
  std::shared_ptr<GatedServers<Backend>> servers = std::make_shared<GatedServers<Backend>>();

  [[nodiscard]] Connection connect(const Target& target, TimePoint deadline) const {
    ++servers->connects;
    if (target.find(' ') == std::string::npos) servers->pass(target, deadline);
    return {target, target.substr(target.find(' ') + 1)};
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
  [[nodiscard]] bool matches(const Connection& connection, const Target& target) const {
    return connection.name == target;
  }
  [[nodiscard]] bool reset(Connection& connection, TimePoint deadline) const {
    return pass_as("reset", connection, deadline);
  }
  [[nodiscard]] bool dirty(const Connection& connection) const noexcept { return connection.sick_of == "reset"; }
  [[nodiscard]] bool ping(Connection& connection, TimePoint deadline) const {
    ++servers->pings;
    return pass_as("ping", connection, deadline);
  }
  void invalidate(Connection& connection, TimePoint deadline) const { pass_as("goodbye", connection, deadline); }

 private:
  bool pass_as(const std::string& what, const Connection& connection, TimePoint deadline) const {
    if (connection.sick_of == what) servers->pass(connection.name, deadline);
    return true;
  }
};

template <class Backend>
using GatedPool = carpool::ConnectionPool<Backend, carpool::LifoStack, GatedConnector<Backend>>;

}  // namespace pool_laws

/// Its servers hang until the test is over; then the pool's work ends at once.
template <class Backend>
class PoolNeighbours {
 public:
  explicit PoolNeighbours(carpool::PoolOptions options) : pool(connector, std::move(options)) {}
  PoolNeighbours(const PoolNeighbours&) = delete;
  PoolNeighbours& operator=(const PoolNeighbours&) = delete;
  ~PoolNeighbours() { connector.servers->open = true; }

  [[nodiscard]] bool hangs(int calls) const {
    return eventually<Backend>([&] { return connector.servers->waiting >= calls; });
  }
  [[nodiscard]] bool serves(const std::string& target) {
    std::error_code error;
    const auto lease = pool.acquire(target, error);
    return static_cast<bool>(lease);
  }

  GatedConnector<Backend> connector;
  GatedPool<Backend> pool;
};

// A3: connects are bounded for each endpoint, so that those which hang leave room for others.
TYPED_TEST_P(PoolLawsAmongWorkers, HoweverManyTargetsHangAnotherIsServed) {
  PoolNeighbours<TypeParam> all({.max_size = 20, .acquire_timeout = 20s, .connect_timeout = 60s});
  Workers<TypeParam> workers;
  for (int i = 0; i < 8; ++i) {
    workers.start([&all, i] { static_cast<void>(all.serves("sick" + std::to_string(i))); });
  }
  ASSERT_TRUE(all.hangs(8));
  EXPECT_TRUE(all.serves("good"));
  EXPECT_EQ(all.connector.servers->waiting, 8) << "it was served while they hung";
  all.connector.servers->open = true;
  workers.join();
}

// A3: a connect that waits for its next try holds no slot.
TYPED_TEST_P(PoolLawsAmongWorkers, ATargetThatWaitsForItsNextTryHoldsNoPlace) {
  this->server.other_connects("bad", refuse("down"));
  TargetPool<TypeParam> pool(this->server.target_connector(),
                             {.max_size = 1, .connect_attempts = 3, .connect_backoff = {60s, 60s}});
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(error_of([&] { return pool.acquire_for("bad", 20s); }), PoolErrc::pool_closed); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().connect_failures == 1; }));
  EXPECT_EQ(pool.acquire_for("good", 10s)->target(), "good");
  EXPECT_EQ(pool.stats().waiting, 1U) << "the other waits still";
  pool.close();
  workers.join();
}

// A3: probes of endpoints in trouble take half of the slots at most.
TYPED_TEST_P(PoolLawsAmongWorkers, ProbesOfDeadTargetsLeaveHalfOfThePlaces) {
  TargetPool<TypeParam> pool(
      this->server.target_connector(),
      {.max_size = 4, .connect_timeout = 60s, .connect_attempts = 1, .connect_backoff = {1ms, 60s}});
  Workers<TypeParam> workers;
  for (int i = 0; i < 6; ++i) {
    const std::string target = "dead" + std::to_string(i);
    this->server.next_connects(target, {refuse("down")});
    this->server.other_connects(target, held());
    EXPECT_EQ(error_of([&] { return pool.acquire(target); }), PoolErrc::connect_failed);
    pause<TypeParam>(2ms);
    workers.start([&pool, target] { static_cast<void>(error_of([&] { return pool.acquire_for(target, 20s); })); });
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().connecting == 2; }));
  auto one = pool.acquire_for("good", 10s);
  auto other = pool.acquire_for("good", 10s);
  EXPECT_EQ(pool.stats().connecting, 2U);
  pool.close();
  this->server.let_through(6);
  workers.join();
}

// A4: resets that hang hold up no other endpoint's.
TYPED_TEST_P(PoolLawsAmongWorkers, ResetsThatHangHoldUpNoOtherTarget) {
  PoolNeighbours<TypeParam> all({.max_size = 9, .acquire_timeout = 20s, .validation_timeout = 60s});
  {
    std::vector<typename GatedPool<TypeParam>::Lease> sick;
    for (int i = 0; i < 8; ++i) sick.push_back(all.pool.acquire("sick reset"));
  }
  ASSERT_TRUE(all.hangs(4));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(all.serves("good reset")) << "its reset comes before those of the sick";
  EXPECT_GE(all.connector.servers->waiting, 4);
}

// A4, B7: room is made for all who wait at once, and goodbyes that hang hold up no other endpoint's.
TYPED_TEST_P(PoolLawsAmongWorkers, RoomIsMadeForAllWhoWaitAtOnce) {
  PoolNeighbours<TypeParam> all({.max_size = 6, .acquire_timeout = 20s, .close_timeout = 60s});
  ASSERT_EQ(all.pool.prewarm("sick goodbye", 6, 10s), 6U);
  Workers<TypeParam> workers;
  workers.start(5, [&] { EXPECT_TRUE(all.serves("good")); });
  EXPECT_TRUE(all.hangs(5)) << "one goodbye for each of those who wait";
  EXPECT_EQ(all.pool.stats().idle, 1U) << "and no more";
  all.connector.servers->open = true;
  workers.join();
}

// A5: what a try_acquire wished for is forgotten where it cannot be had, and so is its endpoint.
TYPED_TEST_P(PoolLaws, TargetsThatWereTriedOnceLeaveNothingBehind) {
  const int before = CountedTarget::alive();
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, PortConnector> none(PortConnector(),
                                                                             {.max_size = 4, .max_idle = 0});
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, PortConnector> some(PortConnector(), {.max_size = 4});
  for (int port = 0; port < 400; port += 2) {
    static_cast<void>(none.try_acquire(CountedTarget(port)));
    static_cast<void>(some.try_acquire(CountedTarget(port)));
  }
  const auto all_but_those_connected = [&] { return CountedTarget::alive() <= before + 5; };
  EXPECT_TRUE(eventually<TypeParam>(all_but_those_connected, some)) << CountedTarget::alive() - before;
  EXPECT_EQ(none.stats().created, 0U);
}

// B5: pings that are due leave idle connections to be taken.
TYPED_TEST_P(PoolLawsAmongWorkers, PingsOfManyConnectionsLeaveSomeToBeTaken) {
  PoolNeighbours<TypeParam> all({.max_size = 12,
                                 .acquire_timeout = 20s,
                                 .validation_bypass_window = 60s,
                                 .validation_timeout = 60s,
                                 .keepalive_time = 1s});
  ASSERT_EQ(all.pool.prewarm("sick ping", 12, 10s), 12U);
  ASSERT_TRUE(all.hangs(1));
  pause<TypeParam>(100ms);  // the reaper comes again
  EXPECT_GE(all.pool.stats().idle, 6U);
  EXPECT_TRUE(all.serves("sick ping"));
  EXPECT_EQ(all.connector.servers->connects, 12) << "none was opened in their stead";
  all.connector.servers->open = true;
  EXPECT_TRUE(eventually<TypeParam>([&] { return all.connector.servers->pings >= 12; })) << "each has its turn";
}

// F1: a connect of an older generation is nobody's supply, and its failure nobody's error.
TYPED_TEST_P(PoolLawsAmongWorkers, AConnectBegunBeforeRetireAllIsNobodysSupply) {
  this->server.next_connects({held(), held()});
  Pool<TypeParam> pool(this->server.connector(), {.connect_timeout = 60s, .connect_attempts = 1});
  Workers<TypeParam> workers;
  workers.start(2, [&] { EXPECT_TRUE(pool.acquire_for(10s)); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 2; }));
  pool.retire_all();
  workers.join();
  EXPECT_EQ(this->server.counts().connecting, 2U) << "served while the old ones hang";
  this->server.let_through(2);
}
TYPED_TEST_P(PoolLawsAmongWorkers, AConnectBegunBeforeRetireAllMayFailWithoutHarm) {
  FakeConnect refusal = refuse("the old server");
  refusal.delay = 1500ms;
  FakeConnect slow = ok();
  slow.delay = 2s;
  this->server.next_connects({refusal, slow});
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 1, .connect_backoff = {60s, 60s}});
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(20s); }), std::error_code()); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 1; }));
  pool.retire_all();
  workers.join();
  EXPECT_EQ(error_of([&] { return pool.acquire_for(20s); }), std::error_code()) << "no breaker has opened";
}

// F5: what is merely idle for long is kept as far as min_idle goes.
TYPED_TEST_P(PoolLaws, TheIdleTimeoutSparesMinIdle) {
  using Limited = carpool::ConnectionPool<TypeParam, carpool::FifoQueue, carpool::FakeConnector, Limits>;
  Limited pool(this->server.connector(), {.max_size = 6, .min_idle = 2}, limits(carpool::forever, 500ms));
  EXPECT_EQ(pool.prewarm(5, 10s), 5U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 2; }, pool));
  pause<TypeParam>(100ms);
  static_cast<void>(pool.reap());
  EXPECT_EQ(this->server.counts().connects, 5U) << "none was closed to be opened again";
  EXPECT_LE(pool.acquire()->id(), 5U) << "nor because it is asked for";
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::idle), 3U);
}

// B1: a waiter among many targets costs about what it costs among many waiters for one.
TYPED_TEST_P(PoolLawsAmongWorkers, WaitingForManyTargetsCostsAboutWhatWaitingForOneDoes) {
  const auto cost = [&](bool one_target) {
    constexpr std::size_t crowd = 300;
    GatedPool<TypeParam> pool({}, {.max_size = crowd, .max_connecting = 16});
    std::vector<typename GatedPool<TypeParam>::Lease> held;
    for (std::size_t i = 0; i < crowd; ++i) held.push_back(pool.acquire("busy"));
    Workers<TypeParam> workers;
    for (std::size_t i = 0; i < crowd; ++i) {
      const std::string target = one_target ? "one" : std::to_string(i);
      workers.start([&pool, target] { EXPECT_TRUE(pool.acquire_for(target, 60s)); });
    }
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == crowd; }));
    return time_of<TypeParam>([&] {
      held.clear();
      workers.join();
    });
  };
  Duration one = carpool::forever;
  Duration many = carpool::forever;
  for (int round = 0; round < 3; ++round) {
    one = std::min(one, cost(true));
    many = std::min(many, cost(false));
  }
  EXPECT_LT(many, 12 * one) << "it was more than 60 times as much";
}

/// Laws of looking into a pool: of which pool and connection its observers hear, who holds what, how endpoints fare.
#pragma once

#include "pool_laws_fixture.hpp"

#include <carpool/observers.hpp>

#include <map>
#include <set>
#include <string>

namespace pool_laws {

/// Writes down what the events are about, and counts in each connection's attachment what happened to it.
template <class Backend>
class ContextObserver {
 public:
  struct Uses {
    int begun = 0;
    int ended = 0;
  };
  using Attachment = Uses;

  void acquire_started(const carpool::PoolInfo& pool) noexcept { note("acquire_started", pool); }
  void acquire_failed(const carpool::PoolInfo& pool, carpool::AcquireFailure, Duration) noexcept {
    note("acquire_failed", pool);
  }
  void acquired(const carpool::ConnectionInfo& connection, Uses& uses, Duration) noexcept {
    note("acquired", connection);
    ++uses.begun;
  }
  void released(const carpool::ConnectionInfo& connection, Uses& uses, Duration) noexcept {
    note("released", connection);
    ++uses.ended;
  }
  void connection_created(const carpool::ConnectionInfo& connection, Uses& uses) noexcept {
    note("connection_created", connection);
    if (uses.begun != 0 || uses.ended != 0) note("an attachment was not new", connection);
  }
  void connection_ready(const carpool::ConnectionInfo& connection, Duration) noexcept {
    note("connection_ready", connection);
  }
  void connection_failed(const carpool::ConnectionInfo& connection, std::string_view why,
                         const std::exception_ptr& cause, Duration) noexcept {
    note(cause == nullptr ? "connection_failed without a cause" : "connection_failed: " + std::string(why), connection);
  }
  void connection_closed(const carpool::ConnectionInfo& connection, Uses& uses, CloseReason) noexcept {
    note("connection_closed", connection);
    const std::scoped_lock lock(log_->mutex);
    log_->uses[connection.id] = uses;
  }
  void pool_ready(const carpool::PoolInfo& pool) noexcept { note("pool_ready", pool); }
  void pool_cleared(const carpool::PoolInfo& pool) noexcept { note("pool_cleared", pool); }
  void pool_closed(const carpool::PoolInfo& pool) noexcept { note("pool_closed", pool); }
  void leak_suspected(const carpool::ConnectionInfo& connection, const carpool::SourceLocation&, Duration) noexcept {
    note("leak_suspected", connection);
  }

  /// "acquired orders 1 fake:a", in any order.
  [[nodiscard]] std::set<std::string> seen() const {
    const std::scoped_lock lock(log_->mutex);
    return log_->seen;
  }
  /// Of each connection that was closed.
  [[nodiscard]] std::map<std::uint64_t, Uses> uses() const {
    const std::scoped_lock lock(log_->mutex);
    return log_->uses;
  }

 private:
  struct Log {
    std::mutex mutex;
    std::set<std::string> seen;
    std::map<std::uint64_t, Uses> uses;
  };
  void note(const std::string& what, const carpool::PoolInfo& pool) const {
    const std::scoped_lock lock(log_->mutex);
    log_->seen.insert(what + " " + std::string(pool.name));
  }
  void note(const std::string& what, const carpool::ConnectionInfo& connection) const {
    const std::scoped_lock lock(log_->mutex);
    log_->seen.insert(what + " " + std::string(connection.pool) + " " + std::to_string(connection.id) + " " +
                      std::string(connection.server));
  }
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

/// Hears two events, each in its plainest form.
class CountingObserver {
 public:
  void acquired(std::uint64_t, Duration) noexcept { ++log_->acquired; }
  void connection_failed(std::uint64_t, const std::exception_ptr&, Duration) noexcept { ++log_->failed; }
  [[nodiscard]] int acquired() const noexcept { return log_->acquired; }
  [[nodiscard]] int failed() const noexcept { return log_->failed; }

 private:
  struct Log {
    std::atomic<int> acquired{0};
    std::atomic<int> failed{0};
  };
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

template <class Backend, class Observer>
using TargetPoolWatchedBy = PoolOf<Backend, carpool::LifoStack, carpool::FakeTargetConnector, Limits, Observer>;

}  // namespace pool_laws

TYPED_TEST_P(PoolLaws, EventsNameThePoolTheConnectionAndItsServer) {
  const ContextObserver<TypeParam> observer;
  {
    TargetPoolWatchedBy<TypeParam, ContextObserver<TypeParam>> pool(
        this->server.target_connector(),
        {.name = "orders", .max_size = 2, .connect_attempts = 1, .leak_detection_threshold = 5ms}, no_limits(),
        observer);
    this->server.next_connects("b", {refuse("down")});
    {
      const auto lease = pool.acquire("a");
      EXPECT_TRUE(error_of([&] { return pool.acquire("b"); }));
      EXPECT_TRUE(
          eventually<TypeParam>([&] { return observer.seen().contains("leak_suspected orders 1 fake:a"); }, pool));
    }
    pool.retire_all();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  }
  EXPECT_EQ(observer.seen(),
            (std::set<std::string>{
                "pool_ready orders", "acquire_started orders", "connection_created orders 1 fake:a",
                "connection_ready orders 1 fake:a", "acquired orders 1 fake:a", "leak_suspected orders 1 fake:a",
                "connection_created orders 2 fake:b", "connection_failed: down: Connection refused orders 2 fake:b",
                "connection_closed orders 2 fake:b", "acquire_failed orders", "released orders 1 fake:a",
                "pool_cleared orders", "connection_closed orders 1 fake:a", "pool_closed orders"}));
}

TYPED_TEST_P(PoolLaws, AnAttachmentIsItsConnectionsOwn) {
  const ContextObserver<TypeParam> observer;
  {
    TargetPoolWatchedBy<TypeParam, ContextObserver<TypeParam>> pool(this->server.target_connector(), {.max_size = 2},
                                                                    no_limits(), observer);
    for (int i = 0; i < 3; ++i) pool.acquire("a")->use();
    pool.acquire("b")->use();
    pool.acquire("b").discard();
    pool.acquire("b")->use();  // in the slot of the one that was discarded
  }
  std::map<std::uint64_t, int> begun;
  for (const auto& [id, uses] : observer.uses()) {
    begun[id] = uses.begun;
    EXPECT_EQ(uses.begun, uses.ended) << id;
  }
  EXPECT_EQ(begun, (std::map<std::uint64_t, int>{{1, 3}, {2, 2}, {3, 1}}));
}

TYPED_TEST_P(PoolLaws, EachMemberOfSeveralObserversHearsWhatItAsksFor) {
  using Both = carpool::Observers<CountingObserver, ContextObserver<TypeParam>>;
  static_assert(!carpool::recognised_observer<carpool::Observers<CountingObserver>>().released);
  {
    TargetPoolWatchedBy<TypeParam, Both> pool(this->server.target_connector(), {.name = "both", .connect_attempts = 1},
                                              no_limits(), Both(CountingObserver(), ContextObserver<TypeParam>()));
    static_cast<void>(pool.acquire("a"));
    static_cast<void>(pool.acquire("a"));
    this->server.next_connects("b", {refuse("down")});
    EXPECT_TRUE(error_of([&] { return pool.acquire("b"); }));
    const Both& both = pool.observer();
    EXPECT_EQ(both.template get<CountingObserver>().acquired(), 2);
    EXPECT_EQ(both.template get<CountingObserver>().failed(), 1);
    const auto seen = both.template get<ContextObserver<TypeParam>>().seen();
    EXPECT_TRUE(seen.contains("acquired both 1 fake:a"));
    EXPECT_TRUE(seen.contains("connection_failed: down: Connection refused both 2 fake:b"));
    EXPECT_TRUE(seen.contains("acquire_failed both"));
  }
}

// The clock is not even read for it.
TYPED_TEST_P(PoolLaws, AConnectionThatIsReadyIsNotWaitedFor) {
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
  this->server.next_connects({slow(3ms)});
  static_cast<void>(pool.acquire());
  static_cast<void>(pool.acquire());
  const auto acquired = observer.seen("acquired");
  EXPECT_GE(acquired.at(0).length, 3ms);
  EXPECT_EQ(acquired.at(1).length, 0ns);
}

TYPED_TEST_P(PoolLaws, HoldersNameEveryLease) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3});
  EXPECT_TRUE(pool.holders().empty());
  const auto first = pool.acquire();
  const auto line = __LINE__ - 1;
  pause<TypeParam>(20ms);
  auto second = pool.acquire();
  static_cast<void>(pool.acquire());
  auto holders = pool.holders();
  ASSERT_EQ(holders.size(), 2U) << "an idle connection has none";
  EXPECT_EQ(holders[0].connection, first.id());
  EXPECT_EQ(holders[0].site.line(), static_cast<unsigned>(line));
  EXPECT_EQ(holders[1].connection, second.id());
  EXPECT_GE(holders[0].age, holders[1].age) << "the oldest first";
  EXPECT_GE(holders[0].age, 10ms);
  EXPECT_NE(first.id(), second.id());
  EXPECT_EQ(first.id(), first->id()) << "the server's name for the connection: here the same";
  second.release();
  EXPECT_EQ(second.id(), 0U);
  holders = pool.holders();
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders[0].connection, first.id());
}

TYPED_TEST_P(PoolLaws, EndpointsTellOfTheirBreaker) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.connect_attempts = 1, .connect_backoff = {20s, 20s}});
  EXPECT_TRUE(pool.endpoints().empty());
  const auto lease = pool.acquire("a");
  this->server.next_connects("b", {refuse("down")});
  EXPECT_TRUE(error_of([&] { return pool.acquire("b"); }));
  std::map<std::string, carpool::EndpointStats> by_server;
  for (const auto& each : pool.endpoints()) by_server[each.server] = each;
  ASSERT_EQ(by_server.size(), 2U);
  const auto& a = by_server["fake:a"];
  EXPECT_EQ(a.breaker, carpool::BreakerState::closed);
  EXPECT_EQ(a.connections, 1U);
  EXPECT_EQ(a.last_error, "");
  const auto& b = by_server["fake:b"];
  EXPECT_EQ(b.breaker, carpool::BreakerState::open);
  EXPECT_GT(b.retry_after, 1s);
  EXPECT_LE(b.retry_after, 20s);
  EXPECT_EQ(b.last_error, "down: Connection refused");
  EXPECT_EQ(b.connections, 0U);
}

// C68: what waits, and since when.
TYPED_TEST_P(PoolLawsAmongWorkers, EndpointsTellHowLongTheFirstInLineHasWaited) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  auto waiter = TypeParam::spawn([&] { static_cast<void>(pool.acquire()); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  pause<TypeParam>(10ms);
  const auto endpoints = pool.endpoints();
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(endpoints[0].waiting, 1U);
  EXPECT_GE(endpoints[0].oldest_wait, 10ms);
  EXPECT_EQ(endpoints[0].connections, 1U);
  lease.release();
  waiter.join();
  EXPECT_EQ(pool.endpoints().at(0).oldest_wait, 0ns);
}

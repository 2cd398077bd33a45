/// Laws of events: which come before which, that each beginning has an end, and that what changes nothing tells
/// nothing.
#pragma once

#include "pool_laws_fixture.hpp"

#include <map>
#include <set>

namespace pool_laws {

/// Takes its time before it writes down that the pool is ready or cleared: whatever overtakes it is seen.
template <class Backend>
class SlowObserver : public RecordingObserver<Backend> {
 public:
  void pool_ready() const noexcept { pause<Backend>(20ms), RecordingObserver<Backend>::pool_ready(); }
  void pool_cleared() const noexcept { pause<Backend>(20ms), RecordingObserver<Backend>::pool_cleared(); }
};
template <class Backend>
using SlowlyObservedPool =
    carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector, Limits, SlowObserver<Backend>>;

/// Wants to know what the connector threw.
struct CauseObserver {
  std::shared_ptr<std::exception_ptr> cause = std::make_shared<std::exception_ptr>();
  void connection_failed(std::uint64_t, const std::exception_ptr& error, Duration) const noexcept { *cause = error; }
};

/// What follows what in the life of one connection, as far as it is not over.
[[nodiscard]] inline bool may_follow(const std::string& before, const std::string& next) {
  static const std::map<std::string, std::set<std::string>> followers = {
      {"", {"connection_created"}},
      {"connection_created", {"connection_ready", "connection_failed"}},
      {"connection_failed", {"connection_closed"}},
      {"connection_ready", {"acquired", "connection_closed"}},
      {"acquired", {"released"}},
      {"released", {"acquired", "connection_closed"}},
      {"connection_closed", {}}};
  return followers.at(before).contains(next);
}

/// Checks each connection's events, and returns how each connection's life has ended so far.
[[nodiscard]] inline std::map<std::uint64_t, std::string> check_lives(const std::vector<Event>& events) {
  std::map<std::uint64_t, std::string> last;
  for (const Event& event : events) {
    if (event.id == 0) continue;
    std::string& before = last[event.id];
    EXPECT_TRUE(may_follow(before, event.what)) << event.id << ": '" << before << "', then " << event.what;
    if (event.what == "connection_closed") {
      EXPECT_EQ(event.reason == CloseReason::connect_failed, before == "connection_failed");
    }
    before = event.what;
  }
  return last;
}

[[nodiscard]] inline std::uint64_t closed_but_for_failures(const PoolStats& stats) {
  std::uint64_t closed = 0;
  for (const std::uint64_t count : stats.closed_by_reason) closed += count;
  return closed - stats.closed_for(CloseReason::connect_failed);
}

}  // namespace pool_laws

// CMAP: what was told to begin is told to end; a gauge of created less closed comes back to what there is.
TYPED_TEST_P(PoolLaws, EveryConnectThatBeginsIsToldToEnd) {
  const RecordingObserver<TypeParam> observer;
  this->server.next_connects({refuse("one"), refuse("two"), ok(), refuse("three")});
  ObservedPool<TypeParam> pool(this->server.connector(), {.max_size = 2, .connect_backoff = {1ms, 1ms}}, no_limits(),
                               observer);
  {
    const auto first = pool.acquire();
    const auto second = pool.acquire();
  }
  const auto failures = observer.seen("connection_failed");
  ASSERT_EQ(failures.size(), 3U);
  EXPECT_TRUE(contains(failures[0].text, "one") && contains(failures[1].text, "two")) << failures[0].text;
  const auto lives = check_lives(observer.seen());
  EXPECT_EQ(lives.size(), 5U) << "each attempt has an id of its own";
  const PoolStats stats = pool.stats();
  EXPECT_EQ(stats.connects, 5U);
  EXPECT_EQ(stats.connects, stats.created + stats.connect_failures);
  EXPECT_EQ(stats.closed_for(CloseReason::connect_failed), 3U);
  EXPECT_EQ(observer.closed_for(CloseReason::connect_failed), 3U);
}

TYPED_TEST_P(PoolLaws, AFailedConnectIsToldWithWhatTheConnectorThrew) {
  const CauseObserver observer;
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::FakeConnector, Limits, CauseObserver> pool(
      this->server.connector(), {.connect_attempts = 1}, no_limits(), observer);
  this->server.next_connects({refuse("closed on Sundays")});
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  ASSERT_TRUE(*observer.cause);
  EXPECT_TRUE(thrown<std::system_error>([&] { return std::rethrow_exception(*observer.cause), 0; }));
}

TYPED_TEST_P(PoolLaws, ADetachedConnectionIsToldToGo) {
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
  auto lease = pool.acquire();
  const auto mine = lease.detach();
  EXPECT_EQ(check_lives(observer.seen()).at(1), "connection_closed");
  EXPECT_EQ(observer.closed_for(CloseReason::detached), 1U);
  EXPECT_EQ(pool.stats().closed_for(CloseReason::detached), 1U);
}

TYPED_TEST_P(PoolLaws, AnAcquireThatFailsIsToldWithHowLongItTook) {
  const RecordingObserver<TypeParam> observer;
  this->server.other_connects(hang());
  ObservedPool<TypeParam> pool(this->server.connector(), {.connect_timeout = 60ms, .connect_attempts = 1}, no_limits(),
                               observer);
  EXPECT_EQ(error_of([&] { return pool.acquire_for(30ms); }), PoolErrc::acquire_timeout);
  EXPECT_FALSE(pool.try_acquire());
  const auto failures = observer.seen("acquire_failed");
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_GE(failures[0].length, 30ms);
  EXPECT_EQ(failures[1].length, 0ns) << "nobody waits in try_acquire";
}

// CMAP: nobody may see a connection being made before the pool is ready.
TYPED_TEST_P(PoolLaws, ThePoolIsToldToBeReadyBeforeAnythingThatItDoes) {
  const SlowObserver<TypeParam> observer;
  SlowlyObservedPool<TypeParam> pool(this->server.connector(), {.min_idle = 2}, no_limits(), observer);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 2; }, pool));
  EXPECT_EQ(observer.names().front(), "pool_ready");
  pool.suspend();
  pool.clear();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  const std::size_t before = observer.seen().size();
  pool.resume();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 2; }, pool));
  EXPECT_EQ(observer.names().at(before), "pool_ready");
}

TYPED_TEST_P(PoolLaws, ThePoolIsToldToBeClearedBeforeTheClosesThatThisCauses) {
  const SlowObserver<TypeParam> observer;
  SlowlyObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
  for (const bool retire : {false, true}) {
    EXPECT_EQ(pool.prewarm(3, 10s), 3U);
    const std::size_t before = observer.seen().size();
    retire ? pool.retire_all() : static_cast<void>(pool.clear());
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    EXPECT_EQ(observer.names().at(before), "pool_cleared");
  }
  EXPECT_EQ(observer.closed_for(CloseReason::retired), 6U);
}

TYPED_TEST_P(PoolLaws, WhatChangesNothingTellsNothing) {
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
  pool.resume();
  EXPECT_EQ(observer.seen("pool_ready").size(), 1U) << "it was ready";
  pool.suspend();
  pool.suspend();
  pool.resume();
  pool.resume();
  EXPECT_EQ(observer.seen("pool_ready").size(), 2U);
  EXPECT_FALSE(pool.stats().suspended);
  pool.suspend();
  pool.close();
  pool.close();
  pool.resume();
  pool.clear();
  pool.retire_all();
  EXPECT_EQ(observer.seen("pool_ready").size(), 2U);
  EXPECT_EQ(observer.seen("pool_cleared").size(), 0U);
  EXPECT_EQ(observer.seen("pool_closed").size(), 1U);
}

// The order of one connection's events, and the sums, whatever goes on at once.
TYPED_TEST_P(PoolLawsAmongWorkers, EventsComeInOrderAndAddUpUnderLoad) {
  const RecordingObserver<TypeParam> observer;
  std::vector<FakeConnect> connects;
  for (int i = 0; i < 200; ++i) connects.push_back(i % 3 == 0 ? refuse("now and then") : ok());
  this->server.next_connects(std::move(connects));
  {
    ObservedPool<TypeParam> pool(this->server.connector(), {.max_size = 3, .connect_backoff = {10us, 20us}},
                                 no_limits(), observer);
    Workers<TypeParam> workers;
    workers.start(4, [&] {
      for (int i = 0; i < 40; ++i) {
        auto lease = pool.try_acquire();
        if (!lease) static_cast<void>(error_of([&] { return pool.acquire_for(50ms); }));
        if (lease && i % 5 == 0) lease->discard();
        if (lease && *lease && i % 7 == 0) const auto mine = lease->detach();
      }
    });
    workers.start([&] {
      for (int i = 0; i < 20; ++i) {
        i % 2 == 0 ? pool.retire_all() : static_cast<void>(pool.clear());
        pool.suspend();
        pause<TypeParam>(100us);
        pool.resume();
      }
    });
    workers.join();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().connecting == 0 && pool.stats().closing == 0; }));
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.connects, stats.created + stats.connect_failures);
    EXPECT_EQ(stats.created, stats.idle + stats.in_use + stats.closing + closed_but_for_failures(stats));
  }
  for (const auto& [id, last] : check_lives(observer.seen())) EXPECT_EQ(last, "connection_closed") << id;
  EXPECT_EQ(observer.seen("pool_ready").size(), 21U);
  EXPECT_EQ(observer.seen("pool_cleared").size(), 20U);
}

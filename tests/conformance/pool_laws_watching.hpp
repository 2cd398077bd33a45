/// Laws of watching: the observer's events, their order and reasons; that nothing of the user's runs under the lock.
#pragma once

#include "pool_laws_meddlers.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <set>

TYPED_TEST_P(PoolLaws, AConnectionsLifeIsToldInOrder) {
  const RecordingObserver<TypeParam> observer;
  {
    ObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
    static_cast<void>(pool.acquire());
    static_cast<void>(pool.acquire());
    pool.retire_all();
    pool.suspend();
    pool.resume();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    pool.close();
    pool.close();
  }
  std::vector<std::string> names = observer.names();
  const auto closed = std::find(names.begin(), names.end(), "connection_closed");
  ASSERT_NE(closed, names.end());
  names.erase(closed);  // a background worker tells that, at its leisure
  EXPECT_EQ(names, (std::vector<std::string>{"pool_ready", "acquire_started", "connection_created", "connection_ready",
                                             "acquired", "released", "acquire_started", "acquired", "released",
                                             "pool_cleared", "pool_ready", "pool_closed"}));
  for (const Event& event : observer.seen()) EXPECT_TRUE(event.id == 1 || event.id == 0) << event.what;
}

TYPED_TEST_P(PoolLaws, EventsTellHowLongThingsTook) {
  const RecordingObserver<TypeParam> observer;
  this->server.other_connects(slow(15ms));
  ObservedPool<TypeParam> pool(this->server.connector(), {}, no_limits(), observer);
  pool.acquire()->use(30ms);
  EXPECT_GE(observer.seen("connection_ready").at(0).length, 15ms);
  EXPECT_GE(observer.seen("acquired").at(0).length, 15ms);
  EXPECT_GE(observer.seen("released").at(0).length, 30ms - 10ms) << "by the coarse clock";
}

TYPED_TEST_P(PoolLaws, EveryReasonToCloseIsToldAndCounted) {
  const RecordingObserver<TypeParam> observer;
  PoolStats stats;
  for (const bool drains : {true, false}) {
    ObservedPool<TypeParam> pool(this->server.connector(), {.max_size = 4, .connect_backoff = {1ms, 1ms}},
                                 limits(carpool::forever, 600ms), observer);
    this->server.next_connects({refuse("once")});
    pool.acquire().discard();
    {
      const auto mine = pool.acquire().detach();
    }
    pool.acquire()->leave_a_reply_unread();
    this->server.next_connects({ok().answering_resets(FakeReply::no), ok().announcing(1ms)});
    pool.acquire()->get_dirty();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closed_for(CloseReason::reset_failed) > 0; }, pool));
    {
      const auto lease = pool.try_acquire();
      EXPECT_FALSE(lease);
    }
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closed_for(CloseReason::expired) > 0; }, pool));
    EXPECT_EQ(pool.prewarm(3, 10s), 3U);
    pool.resize(2);
    EXPECT_EQ(pool.clear(), 2U);
    EXPECT_EQ(pool.prewarm(1, 10s), 1U);
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closed_for(CloseReason::idle) > 0; }, pool));
    auto lease = pool.acquire();
    drains ? static_cast<void>(pool.drain(0ns)) : pool.close();
    lease.release();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    const PoolStats now = pool.stats();
    for (std::size_t i = 0; i < carpool::close_reason_count; ++i) {
      stats.closed_by_reason[i] += now.closed_by_reason[i];
    }
  }
  for (std::size_t i = 0; i < carpool::close_reason_count; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    EXPECT_GT(stats.closed_for(reason), 0U) << to_string(reason);
    EXPECT_EQ(stats.closed_for(reason), observer.closed_for(reason)) << to_string(reason);
  }
}

// Each acquire that starts ends once: with a connection, or with the reason why not.
TYPED_TEST_P(PoolLaws, EveryAcquireThatStartsIsToldToEnd) {
  using carpool::AcquireFailure;
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(
      this->server.connector(),
      {.max_size = 1, .connect_attempts = 1, .connect_backoff = {20s, 20s}, .validation_bypass_window = 20ms},
      no_limits(), observer);
  std::vector<AcquireFailure> expected;
  const auto fails_with = [&](AcquireFailure reason) {
    expected.push_back(reason);
    std::error_code error;
    return pool.acquire(error) ? false : static_cast<bool>(error);
  };
  {
    const auto lease = pool.acquire();
    EXPECT_TRUE(error_of([&] { return pool.acquire_for(1ms); }));
    EXPECT_FALSE(pool.try_acquire());
    expected.assign(2, AcquireFailure::timeout);
  }
  pause<TypeParam>(30ms);
  this->server.throw_from(FakeMethod::ping, 1, std::make_exception_ptr(42));  // as an interruption would come
  EXPECT_TRUE(fails_with(AcquireFailure::interrupted));
  this->server.other_connects(refuse("down"));
  EXPECT_TRUE(fails_with(AcquireFailure::connect_error));
  EXPECT_TRUE(fails_with(AcquireFailure::breaker_open));
  pool.close();
  EXPECT_TRUE(fails_with(AcquireFailure::closed));
  EXPECT_THROW(static_cast<void>(pool.try_acquire()), carpool::PoolClosed);
  expected.push_back(AcquireFailure::closed);
  std::vector<AcquireFailure> failures;
  for (const Event& event : observer.seen("acquire_failed")) failures.push_back(*event.failure);
  EXPECT_EQ(failures, expected);
  EXPECT_EQ(observer.seen("acquire_started").size(), failures.size() + observer.seen("acquired").size());
  EXPECT_EQ(observer.seen("acquired").size(), observer.seen("released").size());
}

// Law 6; C68: a call of stats() would wait for ever, if its caller held the lock.
TYPED_TEST_P(PoolLaws, NothingOfTheUsersRunsUnderThePoolsLock) {
  const auto meddler = std::make_shared<Meddler>();
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, MeddlingConnector, MeddlingEviction, MeddlingObserver> pool(
      MeddlingConnector{meddler},
      {.max_size = 2,
       .connect_attempts = 1,
       .validation_bypass_window = 0ns,
       .keepalive_time = 5ms,
       .leak_detection_threshold = 5ms},
      MeddlingEviction{meddler}, MeddlingObserver{meddler});
  meddler->begin([&] { static_cast<void>(pool.stats()); });
  static_cast<void>(pool.acquire("a"));
  static_cast<void>(pool.try_acquire("a"));
  EXPECT_THROW(pool.with_connection("b", [](auto&) { throw std::domain_error("mine"); }), std::domain_error);
  {
    const auto a = pool.acquire("a");
    const auto b = pool.acquire("b");
    EXPECT_TRUE(error_of([&] { return pool.acquire_for("c", 1ms); }));
    EXPECT_TRUE(eventually<TypeParam>([&] { return meddler->seen().contains("leak_suspected"); }, pool));
  }
  pool.acquire("c").discard();
  EXPECT_TRUE(error_of([&] { return pool.acquire("nowhere"); }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return meddler->seen().contains("ping"); }, pool));
  pool.retire_all();
  pool.suspend();
  pool.resume();
  pool.close();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  meddler->end();
  EXPECT_EQ(meddler->seen(), (std::set<std::string>{"acquire_failed",
                                                    "acquire_started",
                                                    "acquired",
                                                    "connect",
                                                    "connection_closed",
                                                    "connection_created",
                                                    "connection_failed",
                                                    "connection_ready",
                                                    "dirty",
                                                    "expired",
                                                    "handle_exception",
                                                    "invalidate",
                                                    "is_connected",
                                                    "leak_suspected",
                                                    "lifetime",
                                                    "matches",
                                                    "ping",
                                                    "pool_cleared",
                                                    "pool_closed",
                                                    "pool_ready",
                                                    "released",
                                                    "reset",
                                                    "reusable",
                                                    "~Connection"}));
}

// An eviction that throws is taken for "expired", and the reaper goes on (law 12).
TYPED_TEST_P(PoolLaws, AnEvictionThatThrowsClosesAndDisturbsNobody) {
  const ProbingEviction eviction(1);
  ProbedPool<TypeParam> pool(this->server.connector(), {.keepalive_time = 10ms}, eviction);
  static_cast<void>(pool.acquire());
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::expired), 1U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().pings > 0; }, pool));
}

// What an eviction may rely on.
TYPED_TEST_P(PoolLaws, EvictionsAreToldTheFacts) {
  const ProbingEviction eviction;
  const TimePoint started = TypeParam::now();
  ProbedPool<TypeParam> pool(this->server.connector(), {.max_size = 5}, eviction);
  EXPECT_EQ(pool.prewarm(5, 10s), 5U);
  for (int i = 0; i < 3; ++i) {
    const auto lease = pool.acquire();
    lease->use();
  }
  pool.reap();
  std::set<double> jitters;
  for (const auto& [id, seen] : eviction.seen()) {
    EXPECT_EQ(seen.jitters.size(), 1U) << "drawn once for each connection";
    EXPECT_EQ(seen.births.size(), 1U);
    EXPECT_GE(*seen.births.begin(), started);
    EXPECT_LE(*seen.births.begin(), TypeParam::now());
    EXPECT_GE(*seen.jitters.begin(), 0.0);
    EXPECT_LT(*seen.jitters.begin(), 1.0);
    jitters.insert(*seen.jitters.begin());
  }
  EXPECT_EQ(eviction.seen().size(), 5U);
  EXPECT_EQ(jitters.size(), 5U) << "another one for each";
  std::uint64_t uses = 0;  // of the one that was used: maintenance may have brought another to the top since
  for (const auto& [id, seen] : eviction.seen()) uses = std::max(uses, seen.uses);
  EXPECT_GT(uses, 0U);
}

/// Laws of numbers: max_size, max_idle, min_idle, max_connecting, prewarm, clear, resize; every slot comes back.
#pragma once

#include "pool_laws_fixture.hpp"

// Law 1.
TYPED_TEST_P(PoolLaws, NoMoreThanMaxSizeExist) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3});
  std::vector<typename Pool<TypeParam>::Lease> leases;
  for (int i = 0; i < 3; ++i) leases.push_back(pool.acquire());
  EXPECT_THROW(static_cast<void>(pool.acquire_for(1ms)), carpool::AcquireTimeout);
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_EQ(this->server.counts().peak_size, 3U);
  EXPECT_EQ(pool.stats().size(), 3U);
}

// Law 1: what is closing still exists, so its slot is not free before it is closed.
TYPED_TEST_P(PoolLaws, AClosingConnectionKeepsItsTurnUntilItIsClosed) {
  this->server.next_connects({ok().slow_to_part(40ms)});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  static_cast<void>(pool.acquire());
  EXPECT_EQ(pool.clear(), 1U);
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(this->server.counts().peak_size, 1U);
  EXPECT_EQ(this->server.counts().invalidated, 1U);
}

TYPED_TEST_P(PoolLaws, NoMoreThanMaxIdleAreKept) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3, .max_idle = 1});
  {
    const auto a = pool.acquire();
    const auto b = pool.acquire();
    const auto c = pool.acquire();
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 1; }, pool));
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::surplus), 2U);
  EXPECT_EQ(pool.prewarm(3, 1s), 1U);
}

TYPED_TEST_P(PoolLaws, MinIdleConnectionsAreKeptReady) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4, .min_idle = 2});
  const auto two_are_idle = [&] { return pool.stats().idle == 2; };
  EXPECT_TRUE(eventually<TypeParam>(two_are_idle, pool));
  EXPECT_EQ(this->server.counts().opened, 2U);
  const auto lease = pool.acquire();
  EXPECT_TRUE(eventually<TypeParam>(two_are_idle, pool)) << "one is in use, two are ready";
  pool.clear();
  EXPECT_TRUE(eventually<TypeParam>(two_are_idle, pool)) << "replaced";
  EXPECT_EQ(this->server.counts().opened, 5U);
}

// It neither spends all connects on the reserve nor gives up for good.
TYPED_TEST_P(PoolLaws, MinIdleIsTriedAgainAfterTheServerWasDown) {
  this->server.next_connects({refuse("down"), refuse("down"), refuse("still down")});
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 2, .min_idle = 2, .connect_attempts = 1, .connect_backoff = {2ms, 4ms}});
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 2; }, pool));
  EXPECT_EQ(pool.stats().connect_failures, 3U);
}

TYPED_TEST_P(PoolLaws, PrewarmOpensAsManyAsAskedForAndPossible) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3});
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  EXPECT_EQ(pool.prewarm(1, 10s), 2U);
  EXPECT_EQ(this->server.counts().opened, 2U);
  const auto lease = pool.acquire();
  EXPECT_EQ(pool.prewarm(100, 10s), 2U) << "one of three is out";
  EXPECT_EQ(this->server.counts().peak_size, 3U);
}

TYPED_TEST_P(PoolLaws, PrewarmEndsWithWhatThereIsWhenAConnectFails) {
  this->server.next_connects({ok()});
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 3, .max_connecting = 1, .connect_attempts = 1, .connect_backoff = {20s, 20s}});
  EXPECT_LT(time_of<TypeParam>([&] { EXPECT_EQ(pool.prewarm(3, 30s), 1U); }), 5s);
  EXPECT_EQ(this->server.counts().connects, 2U);
}

TYPED_TEST_P(PoolLaws, PrewarmEndsAtItsDeadlineAndNotBefore) {
  this->server.next_connects({ok(), TypeParam::concurrent ? held() : hang()});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .max_connecting = 1});
  EXPECT_EQ(pool.prewarm(1, 10s), 1U);
  EXPECT_GE(time_of<TypeParam>([&] { EXPECT_EQ(pool.prewarm(2, 30ms), 1U); }), 30ms);
  this->server.let_through();
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
}

TYPED_TEST_P(PoolLaws, PrewarmTriesAgainOnceTheBreakerAllowsIt) {
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_connecting = 1, .connect_attempts = 1, .connect_backoff = {10ms, 10ms}});
  EXPECT_EQ(pool.prewarm(3, 10s), 0U);
  this->server.other_connects(ok());
  pause<TypeParam>(11ms);
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
}

// Leased connections are not concerned: clear is not retire_all.
// It bounds and queues, and keeps nothing but for a caller that waits.
TYPED_TEST_P(PoolLaws, ANullPoolKeepsNothing) {
  Pool<TypeParam> pool(this->server.connector(), carpool::PoolOptions::null_pool({.max_size = 1, .min_idle = 1}));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto lease = pool.acquire();
    EXPECT_EQ(lease->id(), id);
    EXPECT_EQ(pool.stats().in_use, 1U);
    EXPECT_THROW(static_cast<void>(pool.acquire_for(1ms)), carpool::AcquireTimeout);
    lease.release();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  }
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::surplus), 3U);
}

TYPED_TEST_P(PoolLaws, ClearClosesTheIdleConnectionsAlone) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
  auto lease = pool.acquire();
  const std::uint64_t id = lease->id();
  EXPECT_EQ(pool.clear(), 2U);
  if (!TypeParam::concurrent) {
    EXPECT_EQ(this->server.counts().open, 1U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().open == 1; }));
  EXPECT_EQ(this->server.counts().invalidated, 2U);
  lease.release();
  EXPECT_EQ(pool.acquire()->id(), id);
  EXPECT_EQ(pool.clear(), 1U);
  EXPECT_EQ(pool.clear(), 0U);
}

TYPED_TEST_P(PoolLaws, ResizeClosesSurplusConnectionsWhenTheyAreIdleOrReturn) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4});
  auto a = pool.acquire();
  auto b = pool.acquire();
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  pool.resize(1);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().open == 2; }, pool));
  EXPECT_EQ(pool.stats().in_use, 2U);
  a.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 1; }, pool));
  EXPECT_EQ(pool.stats().in_use, 1U);
  b.release();
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::surplus), 3U);
  EXPECT_EQ(pool.stats().max_size, 1U);
  const auto last = pool.acquire();
  EXPECT_THROW(static_cast<void>(pool.acquire_for(1ms)), carpool::AcquireTimeout);
  pool.resize(2);
  EXPECT_TRUE(pool.acquire());
}

// What is being closed already does not count against those who come back.
TYPED_TEST_P(PoolLaws, ResizeClosesNoMoreThanItMust) {
  this->server.other_connects(ok().slow_to_part(30ms));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4});
  auto a = pool.acquire();
  auto b = pool.acquire();
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  pool.resize(2);
  a.release();
  b.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closing == 0; }, pool));
  EXPECT_EQ(pool.stats().idle, 2U);
}

// Law 5; C09, C20, C23.
TYPED_TEST_P(PoolLaws, EveryPlaceIsGivenBackWhenConnectsFail) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .connect_attempts = 1, .connect_backoff = {1us, 1us}});
  this->server.next_connects({refuse("a"), failing_with(42), failing_with(std::bad_alloc()), refuse("d")});
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
    pause<TypeParam>(10us);
  }
  const auto a = pool.acquire();
  const auto b = pool.acquire();
  EXPECT_EQ(pool.stats().size(), 2U);
  EXPECT_EQ(pool.stats().connect_failures, 4U);
}

// Law 5: the connect had succeeded, and then the connector threw.
TYPED_TEST_P(PoolLaws, AConnectionWhoseLifetimeCannotBeToldIsClosedAndItsPlaceGivenBack) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .connect_attempts = 1, .connect_backoff = {1us, 1us}});
  this->server.throw_from(FakeMethod::lifetime, 1);
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  EXPECT_EQ(this->server.counts().open, 0U);
  pause<TypeParam>(10us);
  EXPECT_EQ(pool.acquire()->id(), 2U);
}

// Law 9: never more than max_connecting at once. C46 is its other side: as many as that.
TYPED_TEST_P(PoolLawsAmongWorkers, NoMoreThanMaxConnectingConnectsAreInFlight) {
  this->server.other_connects(held());
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 8, .min_idle = 2, .max_connecting = 3});
  Workers<TypeParam> workers;
  workers.start(5, [&] { pool.acquire()->use(1ms); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 5; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 3; }));
  this->server.let_through(100);
  workers.join();
  EXPECT_EQ(this->server.counts().peak_connecting, 3U);
}

TYPED_TEST_P(PoolLawsAmongWorkers, ResizeUpServesThoseWhoWait) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  const auto lease = pool.acquire();
  Workers<TypeParam> workers;
  workers.start(3, [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(10s); }), std::error_code()); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 3; }));
  pool.resize(2);
  workers.join();
  EXPECT_EQ(this->server.counts().peak_size, 2U);
}

// Law 1 holds for every max_size that there was, and nobody is lost on the way.
TYPED_TEST_P(PoolLawsAmongWorkers, ResizeUpAndDownUnderLoad) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 6});
  typename TypeParam::template Atomic<bool> stop{false};
  Workers<TypeParam> workers;
  workers.start(6, [&] {
    while (!stop.load()) pool.acquire()->use(100us);
  });
  for (const std::size_t size : {1U, 4U, 2U, 6U, 1U, 3U}) {
    pool.resize(size);
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() <= size; }));
    const std::uint64_t before = pool.stats().acquired;
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().acquired > before + 20; }));
  }
  stop.store(true);
  workers.join();
  EXPECT_LE(this->server.counts().peak_size, 6U);
  EXPECT_EQ(pool.stats().in_use + pool.stats().waiting, 0U);
}

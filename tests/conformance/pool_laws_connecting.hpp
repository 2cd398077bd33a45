/// Laws of connecting: attempts, back-off; that connecting belongs to the pool and not to a caller.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, AConnectIsTriedAgain) {
  this->server.next_connects({refuse("one"), refuse("two")});
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 3, .connect_backoff = {1ms, 2ms}});
  EXPECT_TRUE(pool.acquire());
  EXPECT_EQ(this->server.counts().connects, 3U);
}

TYPED_TEST_P(PoolLaws, AFailedSeriesGivesTheLastCauseAndTheNumberOfTries) {
  this->server.next_connects({refuse("one"), refuse("two"), refuse("three")});
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 3, .connect_backoff = {1ms, 2ms}});
  const auto error = thrown<carpool::ConnectError>([&] { return pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), PoolErrc::connect_failed);
  EXPECT_EQ(error->code(), std::errc::not_connected);
  EXPECT_EQ(error->attempts(), 3U);
  EXPECT_TRUE(contains(error->what(), "three") && contains(error->what(), "3 tries")) << error->what();
  ASSERT_TRUE(error->cause());
  const auto cause = thrown<std::system_error>([&] { return std::rethrow_exception(error->cause()), 0; });
  ASSERT_TRUE(cause);
  EXPECT_EQ(cause->code(), std::errc::connection_refused);
}

// Doubling from initial to max; each wait shortened by up to half.
TYPED_TEST_P(PoolLaws, TheWaitsBetweenTriesGrow) {
  const RecordingObserver<TypeParam> observer;
  this->server.other_connects(refuse("down"));
  ObservedPool<TypeParam> pool(this->server.connector(), {.connect_attempts = 5, .connect_backoff = {8ms, 20ms}},
                               no_limits(), observer);
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  const auto tries = observer.seen("connection_created");
  ASSERT_EQ(tries.size(), 5U);
  const Duration least[] = {4ms, 8ms, 10ms, 10ms};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_GE(tries[i + 1].at - tries[i].at, least[i]);
}

// Law 4.
TYPED_TEST_P(PoolLaws, ThereIsNoSleepAfterTheLastTry) {
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 1, .connect_backoff = {20s, 20s}});
  EXPECT_LT(time_of<TypeParam>([&] { EXPECT_TRUE(error_of([&] { return pool.acquire(); })); }), 5s);
}

TYPED_TEST_P(PoolLaws, ConnectTimeoutBoundsEachTry) {
  this->server.other_connects(hang());
  Pool<TypeParam> pool(this->server.connector(),
                       {.connect_timeout = 20ms, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}});
  const Duration took = time_of<TypeParam>([&] {
    const auto error = thrown<carpool::ConnectError>([&] { return pool.acquire(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->attempts(), 2U);
  });
  EXPECT_GE(took, 40ms);
  EXPECT_LT(took, 5s);
}

// Law 4: one deadline for the whole acquire; a connect that does not answer does not prolong it.
TYPED_TEST_P(PoolLaws, AnAcquireEndsAtItsDeadlineWhateverItsConnectDoes) {
  this->server.other_connects(hang());
  Pool<TypeParam> pool(this->server.connector(), {.connect_timeout = 100ms});
  const Duration took = time_of<TypeParam>(
      [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(20ms); }), PoolErrc::acquire_timeout); });
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, 5s);
}

TYPED_TEST_P(PoolLaws, AnAcquireEndsAtItsDeadlineInTheMiddleOfABackOff) {
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 3, .connect_backoff = {20s, 20s}});
  const Duration took = time_of<TypeParam>([&] {
    const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(20ms); });
    ASSERT_TRUE(error);
    if (!TypeParam::concurrent) {
      EXPECT_TRUE(contains(error->what(), "down")) << error->what();
    }
  });
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, 5s);
}

// Law 4: re-armed by every disappointment, this would never end (C38).
TYPED_TEST_P(PoolLaws, AnAcquireEndsAtItsDeadlineThoughEveryConnectionItGetsIsDead) {
  this->server.other_connects(slow(2ms).dying_after_checks(1));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  const Duration took = time_of<TypeParam>(
      [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(150ms); }), PoolErrc::acquire_timeout); });
  EXPECT_GE(took, 150ms);
  EXPECT_LT(took, 5s);
  EXPECT_GE(this->server.counts().opened, 2U);
  EXPECT_LE(this->server.counts().peak_size, 2U);
}

TYPED_TEST_P(PoolLaws, AConnectionThatIsDeadAtOnceIsAFailedTry) {
  this->server.other_connects(ok().dying_after_checks(0));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 2, .connect_backoff = {1ms, 1ms}});
  const auto error = thrown<carpool::ConnectError>([&] { return pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->attempts(), 2U);
  EXPECT_FALSE(error->cause());
  EXPECT_TRUE(contains(error->what(), "dead at once")) << error->what();
}

// C07, C10: nobody is left behind, and nobody has to wait for a timeout to learn it.
TYPED_TEST_P(PoolLawsAmongWorkers, EverybodyWhoWaitsGetsTheConnectError) {
  this->server.other_connects(held());
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2,
                                                  .connect_timeout = 800ms,
                                                  .max_connecting = 1,
                                                  .connect_attempts = 1,
                                                  .connect_backoff = {20s, 20s}});
  typename TypeParam::template Atomic<std::size_t> told{0};
  Workers<TypeParam> workers;
  workers.start(12, [&] {
    const std::error_code error = error_of([&] { return pool.acquire(); });
    if (error == PoolErrc::connect_failed) told.fetch_add(1);
  });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 12; }));
  workers.join();
  EXPECT_EQ(told.load(), 12U);
  EXPECT_EQ(this->server.counts().connects, 1U);
}

// Law 9; C28: a caller that gives up does not end the connect, and the next one finds its fruit.
TYPED_TEST_P(PoolLawsAmongWorkers, AConnectGoesOnWhenItsCallerGivesUp) {
  this->server.next_connects({held()});
  Pool<TypeParam> pool(this->server.connector());
  const auto begun_and_given_up = [&] {  // on a busy machine a caller may give up before its connect has begun
    EXPECT_EQ(error_of([&] { return pool.acquire_for(5ms); }), PoolErrc::acquire_timeout);
    return pool.stats().connecting == 1;
  };
  EXPECT_TRUE(eventually<TypeParam>(begun_and_given_up));
  this->server.let_through();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }));
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(this->server.counts().connects, 1U);
}

// Law 9; C15, C69: whichever comes first, a release or a connect.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterTakesAReleaseWhileTheConnectHangs) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3, .max_connecting = 1});
  auto lease = pool.acquire();
  this->server.next_connects({held()});
  typename TypeParam::template Atomic<std::size_t> served{0};
  Workers<TypeParam> workers;
  workers.start(2, [&] {
    EXPECT_EQ(pool.acquire_for(10s)->id(), 1U);
    served.fetch_add(1);
  });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().connecting == 1; }));
  lease.release();
  workers.join();
  EXPECT_EQ(served.load(), 2U);
  EXPECT_EQ(pool.acquire()->id(), 1U) << "an idle connection is at hand while the connect hangs";
  EXPECT_EQ(this->server.counts().opened, 1U);
  this->server.let_through();
}

// As many connects are in flight as there are waiters without one; no surplus ones.
TYPED_TEST_P(PoolLawsAmongWorkers, AsManyConnectsAsWaitersAreInFlightAndNoMore) {
  this->server.other_connects(held());
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 9, .max_connecting = 9});
  Workers<TypeParam> workers;
  workers.start(3, [&] { pool.acquire()->use(1ms); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 3; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 3; }));
  pause<TypeParam>(5ms);
  this->server.let_through(9);
  workers.join();
  EXPECT_EQ(this->server.counts().connects, 3U);
}

// Law 3: the waiter came when all slots were taken and the breaker open; then a slot is free, and in time a connect
// may start.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedOnceAPlaceIsFreeAndTheBreakerAllowsIt) {
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 2, .connect_attempts = 1, .connect_backoff = {200ms, 200ms}});
  const auto lease = pool.acquire();
  this->server.next_connects({refuse("down")});
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  pool.resize(1);
  std::error_code error = PoolErrc::interrupted;
  Workers<TypeParam> workers;
  workers.start([&] { error = error_of([&] { return pool.acquire_for(8s); }); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  pool.resize(2);
  workers.join();
  EXPECT_NE(error, PoolErrc::acquire_timeout) << "a connection in time, or the breaker's word at once";
}

// C16: all connections die under load while connects are slow; the pool comes back to what is needed.
TYPED_TEST_P(PoolLawsAmongWorkers, ThePoolRefillsAfterAllConnectionsDied) {
  this->server.other_connects(slow(5ms));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4});
  typename TypeParam::template Atomic<bool> stop{false};
  typename TypeParam::template Atomic<std::size_t> served{0};
  Workers<TypeParam> workers;
  workers.start(6, [&] {
    while (!stop.load()) {
      try {
        pool.with_connection([](auto& connection) { connection.use(200us); });
        served.fetch_add(1);
      } catch (const std::system_error&) {  // it died in our hands
      }
    }
  });
  for (int round = 0; round < 4; ++round) {
    const std::size_t before = served.load();
    EXPECT_TRUE(eventually<TypeParam>([&] { return served.load() >= before + 50; }));
    this->server.kill_all();
  }
  const std::size_t before = served.load();
  EXPECT_TRUE(eventually<TypeParam>([&] { return served.load() >= before + 50; }));
  stop.store(true);
  workers.join();
  EXPECT_LE(this->server.counts().peak_size, 4U);
}

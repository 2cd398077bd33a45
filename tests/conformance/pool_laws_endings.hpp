/// Laws of endings: close, destruction in any order, and every call at any time.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, AClosedPoolGivesNothingAndTakesBackWhatIsOut) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  auto lease = pool.acquire();
  pool.close();
  pool.close();
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::PoolClosed);
  EXPECT_EQ(pool.prewarm(2, 10s), 0U);
  lease->use();  // still valid
  lease.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::closed), 2U);
  EXPECT_EQ(this->server.counts().invalidated, 2U);
  EXPECT_EQ(pool.reap() + pool.clear() + pool.drain(1ms), 0U);
  pool.retire_all();
  pool.suspend();
  pool.resume();
  pool.resize(3);
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::PoolClosed) << "nothing revives it";
}

// Law 16.
// On SingleBackend nobody has come to reset it yet when the pool ends.
TYPED_TEST_P(PoolLaws, APoolThatEndsClosesWhatIsToBeReset) {
  {
    Pool<TypeParam> pool(this->server.connector());
    pool.acquire()->get_dirty();
    pool.close();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  }
  EXPECT_EQ(this->server.counts().open, 0U);
  {
    Pool<TypeParam> pool(this->server.connector());
    pool.acquire()->get_dirty();
  }
  EXPECT_EQ(this->server.counts().open, 0U);
}
TYPED_TEST_P(PoolLaws, ALeaseMayOutliveItsPool) {
  std::vector<typename Pool<TypeParam>::Lease> leases;
  {
    Pool<TypeParam> pool(this->server.connector());
    for (int i = 0; i < 4; ++i) leases.push_back(pool.acquire());
    leases.back().release();
  }
  EXPECT_EQ(this->server.counts().open, 3U);
  leases[0]->use();
  leases[0].release();
  leases[1].discard();
  const auto mine = leases[2].detach();
  EXPECT_EQ(this->server.counts().open, 1U);
}

// Law 16; C14: all of them, at once.
TYPED_TEST_P(PoolLawsAmongWorkers, CloseWakesEveryWaiter) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  typename TypeParam::template Atomic<std::size_t> told{0};
  Workers<TypeParam> workers;
  workers.start(9, [&] {
    if (error_of([&] { return pool.acquire(); }) == PoolErrc::pool_closed) told.fetch_add(1);
  });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 9; }));
  EXPECT_LT(time_of<TypeParam>([&] {
              pool.close();
              workers.join();
            }),
            5s);
  EXPECT_EQ(told.load(), 9U);
}

// Law 16: the pool goes while others wait in it and hold leases of it.
TYPED_TEST_P(PoolLawsAmongWorkers, APoolMayBeDestroyedWithWaitersPresent) {
  for (int round = 0; round < 20; ++round) {
    auto pool = std::make_unique<Pool<TypeParam>>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
    auto lease = pool->acquire();
    Workers<TypeParam> workers;
    workers.start(
        3, [known = pool.get()] { EXPECT_EQ(error_of([&] { return known->acquire(); }), PoolErrc::pool_closed); });
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool->stats().waiting == 3; }));
    pool.reset();
    if (round % 2 == 0) lease.release();
    workers.join();
  }
}

// Law 16: the last lease and the pool itself go at the same moment. Nothing is left open, whoever is first.
TYPED_TEST_P(PoolLawsAmongWorkers, LeasesMayReturnWhileThePoolIsDestroyed) {
  for (int round = 0; round < 150; ++round) {
    auto pool = std::make_unique<Pool<TypeParam>>(this->server.connector(), carpool::PoolOptions{.max_size = 3});
    typename TypeParam::template Atomic<std::size_t> have{0};
    typename TypeParam::template Atomic<bool> go{false};
    Workers<TypeParam> workers;
    for (int i = 0; i < 3; ++i) {
      workers.start([&, i, lease = std::make_shared<typename Pool<TypeParam>::Lease>(pool->acquire())] {
        have.fetch_add(1);
        while (!go.load()) TypeParam::sleep_until(TypeParam::now() + 20us);
        if (i > 0) TypeParam::sleep_until(TypeParam::now() + i * 20us);
        lease->release();
      });
    }
    EXPECT_TRUE(eventually<TypeParam>([&] { return have.load() == 3; }));
    go.store(true);
    pool.reset();
    workers.join();
    ASSERT_EQ(this->server.counts().open, 0U) << "in round " << round;
  }
}

// Law 16: the pool goes while somebody who waited finds that what it was given is dead.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterMayBeDisappointedWhileThePoolIsDestroyed) {
  for (int round = 0; round < 100; ++round) {
    auto pool = std::make_unique<Pool<TypeParam>>(
        this->server.connector(), carpool::PoolOptions{.max_size = 1, .handoff_after = (round % 2) * 1s});
    auto lease = pool->acquire();
    Workers<TypeParam> workers;
    workers.start(2, [known = pool.get()] {
      const std::error_code error = error_of([&] { return known->acquire(); });
      EXPECT_TRUE(!error || error == PoolErrc::pool_closed) << error.message();
    });
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool->stats().waiting == 2; }));
    this->server.next_connects({ok().dying_after_checks(1), ok().dying_after_checks(1), ok().dying_after_checks(1)});
    lease->die();
    lease.release();
    if (round % 3 == 0) pause<TypeParam>(20us);
    pool.reset();
    workers.join();
    ASSERT_EQ(this->server.counts().open, 0U) << "in round " << round;
  }
}

// Destruction waits for a connect in flight, and what that opened is closed.
TYPED_TEST_P(PoolLawsAmongWorkers, ConnectsInFlightEndBeforeThePoolDoes) {
  this->server.other_connects(slow(30ms));
  {
    Pool<TypeParam> pool(this->server.connector());
    static_cast<void>(pool.try_acquire());
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connects == 1; }));
  }
  EXPECT_EQ(this->server.counts().opened, 1U);
  EXPECT_EQ(this->server.counts().open, 0U);
}

// Law 12: the reaper sleeps for minutes, and yet nobody waits for it; nor for a back-off.
TYPED_TEST_P(PoolLaws, APoolIsDestroyedAtOnce) {
  const Duration took = time_of<TypeParam>([&] {
    Pool<TypeParam> pool(this->server.connector(), {.keepalive_time = 1h});
    static_cast<void>(pool.acquire());
    pause<TypeParam>(5ms);
    this->server.other_connects(refuse("down"));
    Pool<TypeParam> failing(this->server.connector(), {.connect_backoff = {20s, 20s}});
    EXPECT_TRUE(error_of([&] { return failing.acquire_for(10ms); }));
  });
  EXPECT_LT(took, 5s);
}

// C13: every public method at any time from any worker. The answers do not matter; that there are answers does.
TYPED_TEST_P(PoolLawsAmongWorkers, EveryMethodMayBeCalledAtAnyTimeByAnyWorker) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3, .connect_backoff = {1ms, 1ms}});
  const TimePoint end = TypeParam::now() + 250ms;
  Workers<TypeParam> workers;
  const auto repeat = [&](auto call) {
    workers.start([&pool, end, call]() mutable {
      while (TypeParam::now() < end) {
        call(pool);
        pause<TypeParam>(50us);
      }
    });
  };
  repeat([](auto& p) { static_cast<void>(error_of([&] { return p.acquire_for(2ms); })); });
  repeat([](auto& p) { static_cast<void>(error_of([&] { return p.acquire()->use(10us), 0; })); });
  repeat([](auto& p) { static_cast<void>(error_of([&] { return p.acquire().discard(), 0; })); });
  repeat([](auto& p) { static_cast<void>(error_of([&] { return p.try_acquire(); })); });
  repeat([](auto& p) { static_cast<void>(p.prewarm(2, 1ms)); });
  repeat([](auto& p) { static_cast<void>(p.reap() + p.clear()); });
  repeat([](auto& p) { p.retire_all(); });
  repeat([](auto& p) {
    p.suspend();
    p.resume();
  });
  repeat([size = std::size_t{0}](auto& p) mutable { p.resize(1 + ++size % 3); });
  repeat([](auto& p) { EXPECT_LE(p.stats().idle, 3U); });
  workers.join();
  pool.resume();
  pool.resize(3);
  EXPECT_TRUE(pool.acquire_for(10s));
  EXPECT_EQ(pool.stats().in_use + pool.stats().waiting, 0U);
  EXPECT_LE(this->server.counts().peak_size, 3U);
  EXPECT_EQ(pool.drain(10s), 0U);
}

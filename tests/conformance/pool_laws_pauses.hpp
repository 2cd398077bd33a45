/// Laws of pauses and of new beginnings: suspend and resume, drain, retire_all.
#pragma once

#include "pool_laws_fixture.hpp"

// Callers wait, what comes back is kept, and nothing is opened.
TYPED_TEST_P(PoolLaws, ASuspendedPoolGivesNoLeases) {
  Pool<TypeParam> pool(this->server.connector(), {.min_idle = 1});
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }, pool));
  auto lease = pool.acquire();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }, pool));
  pool.suspend();
  const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(2ms); });
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "suspended")) << error->what();
  EXPECT_FALSE(pool.try_acquire());
  lease.release();
  EXPECT_EQ(pool.stats().idle, 2U);
  const std::size_t connects = this->server.counts().connects;
  pool.clear();
  pause<TypeParam>(5ms);
  pool.reap();
  EXPECT_EQ(this->server.counts().connects, connects);
  pool.resume();
  EXPECT_FALSE(pool.stats().suspended);
  EXPECT_TRUE(pool.acquire());
}

TYPED_TEST_P(PoolLawsAmongWorkers, ResumeServesThoseWhoWait) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  pool.suspend();
  Workers<TypeParam> workers;
  workers.start(5, [&] { EXPECT_TRUE(pool.acquire_for(10s)); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 5; }));
  lease.release();
  pause<TypeParam>(3ms);
  EXPECT_EQ(pool.stats().waiting, 5U);
  EXPECT_EQ(this->server.counts().connects, 1U);
  pool.resume();
  workers.join();
}

// Final: nobody new, those who wait are told, those who are out are waited for, for as long as was said (C70).
TYPED_TEST_P(PoolLaws, DrainReturnsHowManyAreStillOut) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
  auto lease = pool.acquire();
  EXPECT_EQ(pool.drain(20ms), 1U);
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::PoolClosed);
  EXPECT_THROW(static_cast<void>(pool.try_acquire()), carpool::PoolClosed);
  EXPECT_TRUE(pool.stats().closed);
  pool.resume();
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::PoolClosed);
  lease->use();
  lease.release();
  EXPECT_EQ(pool.drain(20ms), 0U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::drained), 3U);
}

TYPED_TEST_P(PoolLawsAmongWorkers, DrainWaitsForThoseWhoAreOutAndNoLonger) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Workers<TypeParam> workers;
  workers.start(2, [&] { EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::pool_closed); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
  EXPECT_GE(time_of<TypeParam>([&] { EXPECT_EQ(pool.drain(20ms), 1U); }), 20ms);
  EXPECT_EQ(pool.stats().waiting, 0U);
  workers.start([&] {
    pause<TypeParam>(20ms);
    lease.release();
  });
  EXPECT_LT(time_of<TypeParam>([&] { EXPECT_EQ(pool.drain(20s), 0U); }), 10s);
}

// One at once, the others in equal steps, also those that are out; what is opened meanwhile stays.
TYPED_TEST_P(PoolLaws, RetireAllOverATimeReplacesOneAfterTheOther) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 6});
  EXPECT_EQ(pool.prewarm(4, 10s), 4U);
  auto lease = pool.acquire();
  const TimePoint begun = TypeParam::now();
  pool.retire_all(400ms);
  const auto closed = [&] { return pool.stats().closed_for(CloseReason::retired); };
  EXPECT_TRUE(eventually<TypeParam>([&] { return closed() >= 2; }, pool));
  EXPECT_GE(TypeParam::now() - begun, 80ms) << "in steps of 100 ms";
  EXPECT_TRUE(eventually<TypeParam>([&] { return closed() == 3; }, pool));
  lease.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return closed() == 4; }, pool));
  EXPECT_TRUE(eventually<TypeParam>([&] { return TypeParam::now() > begun + 420ms; }, pool));
  const auto fresh = pool.acquire();
  EXPECT_GT(fresh->id(), 4U);
}

TYPED_TEST_P(PoolLaws, NothingOldIsHandedOutAfterTheTimeOfItsRetirement) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  EXPECT_EQ(pool.acquire()->id(), 1U);
  const TimePoint end = TypeParam::now() + 100ms;
  pool.retire_all(100ms);
  while (TypeParam::now() < end + 100ms) {
    const TimePoint before = TypeParam::now();
    const bool old = pool.acquire()->id() == 1;
    if (before > end + 10ms) {
      EXPECT_FALSE(old) << "by the coarse clock";
    }
    pause<TypeParam>(1ms);
  }
  pool.retire_all(10s);
  pool.retire_all();  // the earlier end counts
  EXPECT_GT(pool.acquire()->id(), 2U);
  EXPECT_EQ(pool.stats().closed_for(CloseReason::expired), 0U);
}

TYPED_TEST_P(PoolLaws, RetireAllReplacesEveryConnection) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3});
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
  auto lease = pool.acquire();
  pool.retire_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().open == 1; }, pool));
  lease->use();  // valid until it is given back
  EXPECT_EQ(pool.acquire()->id(), 4U);
  lease.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 1; }, pool));
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::retired), 3U);
  EXPECT_EQ(pool.acquire()->id(), 4U);
}

// A connect begun before retire_all belongs to the old generation; who waits for it gets a new one.
TYPED_TEST_P(PoolLawsAmongWorkers, AConnectBegunBeforeRetireAllIsNotHandedOut) {
  this->server.next_connects({held()});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(pool.acquire_for(10s)->id(), 2U); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 1; }));
  pool.retire_all();
  this->server.let_through();
  workers.join();
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::retired), 1U);
}

// The same for drain and close: what arrives too late is closed.
TYPED_TEST_P(PoolLawsAmongWorkers, AConnectThatEndsAfterTheEndIsClosed) {
  this->server.other_connects(held());
  for (const bool drains : {true, false}) {
    Pool<TypeParam> pool(this->server.connector());
    static_cast<void>(pool.try_acquire());
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 1; }));
    drains ? static_cast<void>(pool.drain(0ns)) : pool.close();
    this->server.let_through();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
    EXPECT_EQ(closed_for<TypeParam>(pool, drains ? CloseReason::drained : CloseReason::closed), 1U);
  }
}

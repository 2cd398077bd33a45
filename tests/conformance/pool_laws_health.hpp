/// Laws of health: what is found dead or dirty, when, and what is said to it.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, AConnectionThatDiedWhileIdleIsNotHandedOut) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
  this->server.kill_all();
  EXPECT_EQ(pool.acquire()->id(), 4U);
  EXPECT_GT(closed_for<TypeParam>(pool, CloseReason::dead), 0U);
  EXPECT_EQ(this->server.counts().invalidated, 0U) << "a dead connection is told nothing";
}

// Law 10.
TYPED_TEST_P(PoolLaws, AConnectionWithAReplyOutstandingIsClosedOnReturn) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  pool.acquire()->leave_a_reply_unread();
  EXPECT_EQ(pool.stats().idle, 0U);
  if (!TypeParam::concurrent) {
    EXPECT_EQ(this->server.counts().open, 0U) << "it has closed before it returns";
  }
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::dead), 1U);
}

TYPED_TEST_P(PoolLaws, AConnectionIsPingedOnlyAfterTheBypassWindow) {
  Pool<TypeParam> pool(this->server.connector(), {.validation_bypass_window = 150ms});
  static_cast<void>(pool.acquire());
  static_cast<void>(pool.acquire());
  EXPECT_EQ(this->server.counts().pings, 0U);
  pause<TypeParam>(200ms);
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(this->server.counts().pings, 1U);
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(this->server.counts().pings, 1U) << "it has just answered";
}

// What came back within a tick of the coarse clock, some 4 ms, was not asked.
TYPED_TEST_P(PoolLaws, WithoutABypassWindowAConnectionIsPingedEveryTime) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .validation_bypass_window = 0ns});
  static_cast<void>(pool.acquire());
  const std::size_t before = this->server.counts().pings;
  for (std::size_t i = 1; i <= 50; ++i) {
    EXPECT_EQ(pool.acquire()->id(), 1U);
    EXPECT_EQ(this->server.counts().pings, before + i);
  }
}

// A background worker's ping that a waiter asked for is good enough for it, but not that somebody gave a connection
// back since.
TYPED_TEST_P(PoolLawsAmongWorkers, WithoutABypassWindowTheImpatientGetWhatHasAnswered) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .validation_bypass_window = 0ns});
  typename TypeParam::template Atomic<std::size_t> served{0};
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  const std::size_t before = this->server.counts().pings;
  Workers<TypeParam> workers;
  workers.start(4, [&] {
    for (int i = 0; i < 25; ++i) {
      if (!error_of([&] { return pool.acquire_for(4s); })) ++served;  // less than validation_timeout
    }
  });
  workers.join();
  EXPECT_EQ(served.load(), 100U);
  EXPECT_GE(this->server.counts().pings - before, 100U) << "each of them had a ping of its own";
}

TYPED_TEST_P(PoolLaws, AConnectionWhosePingFailsOrThrowsIsReplaced) {
  this->server.next_connects({ok().answering_pings(FakeReply::no)});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .validation_bypass_window = 20ms});
  static_cast<void>(pool.acquire());
  pause<TypeParam>(30ms);
  EXPECT_EQ(pool.acquire()->id(), 2U);
  pause<TypeParam>(30ms);
  this->server.throw_from(FakeMethod::ping, 1);
  EXPECT_EQ(pool.acquire()->id(), 3U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::dead), 2U);
}

// C51: one validation time-out for all of them, not one each.
TYPED_TEST_P(PoolLaws, APingWithoutAnswerMakesThePoolDistrustItsOtherIdleConnections) {
  this->server.next_connects(std::vector<FakeConnect>(8, ok().answering_pings(FakeReply::silence)));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 8, .validation_bypass_window = 40ms, .validation_timeout = 80ms});
  EXPECT_EQ(pool.prewarm(8, 10s), 8U);
  pause<TypeParam>(50ms);
  const Duration took = time_of<TypeParam>([&] { EXPECT_EQ(pool.acquire()->id(), 9U); });
  EXPECT_GE(took, 80ms);
  EXPECT_LT(took, 8 * 80ms);
  EXPECT_LE(this->server.counts().pings, 2U) << "one of the eight; the ninth, where it waited for its caller";
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::dead), 8U);
}

// Law 4: it has less time than a ping may take. It waits in line for whichever comes first, and is not late.
TYPED_TEST_P(PoolLawsAmongWorkers, AShortDeadlineDoesNotWaitForALongPing) {
  this->server.next_connects({ok().answering_pings(FakeReply::silence)});
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 2, .validation_bypass_window = 60ms, .validation_timeout = 400ms});
  EXPECT_EQ(pool.prewarm(1, 10s), 1U);
  pause<TypeParam>(80ms);
  this->server.next_connects({held()});
  const Duration took = time_of<TypeParam>(
      [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(30ms); }), PoolErrc::acquire_timeout); });
  EXPECT_GE(took, 30ms);
  EXPECT_LT(took, 300ms);
  this->server.let_through();
  EXPECT_EQ(pool.acquire_for(350ms)->id(), 2U) << "the connect that was begun for the first caller";
}

TYPED_TEST_P(PoolLaws, ADirtyConnectionIsResetBeforeItIsUsedAgain) {
  this->server.other_connects(ok().dirtied_by_use());
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  static_cast<void>(pool.acquire());
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(this->server.counts().resets, 0U) << "it was clean";
  pool.acquire()->use();
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(this->server.counts().resets, 1U);
}

// Law 5; C24: each hook fails at each position, and the capacity is back. C19: also where nobody answers.
TYPED_TEST_P(PoolLaws, AConnectionThatCannotBeResetIsReplaced) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .validation_timeout = 20ms});
  for (const FakeReply reply : {FakeReply::no, FakeReply::silence}) {
    this->server.next_connects(
        {ok().dirtied_by_use().answering_resets(reply), ok().dirtied_by_use().answering_resets(reply)});
    auto a = pool.acquire();
    auto b = pool.acquire();
    a->use();
    b->use();
    a.release();
    b.release();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  }
  this->server.throw_from(FakeMethod::reset, 1);
  pool.acquire()->get_dirty();
  EXPECT_EQ(pool.acquire()->id(), 6U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closed_for(CloseReason::reset_failed) == 5; }, pool));
}

// Each healthy connection is told once; a dead or discarded one is not.
TYPED_TEST_P(PoolLaws, TheGoodbyeIsSaidOnceToEachHealthyConnection) {
  {
    Pool<TypeParam> pool(this->server.connector(), {.max_size = 6});
    EXPECT_EQ(pool.prewarm(5, 10s), 5U);
    pool.clear();  // five
    EXPECT_EQ(pool.prewarm(3, 10s), 3U);
    auto lease = pool.acquire();
    pool.retire_all();
    lease.release();  // one, and two
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    EXPECT_EQ(this->server.counts().invalidated, 8U);
    lease = pool.acquire();
    this->server.kill_all();
    lease.release();
    pool.clear();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    EXPECT_EQ(this->server.counts().invalidated, 8U);
    EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  }
  EXPECT_EQ(this->server.counts().invalidated, 10U) << "the pool's end";
}

TYPED_TEST_P(PoolLaws, TheGoodbyeIsBoundedAndMayThrow) {
  this->server.other_connects(ok().slow_to_part(20s));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .close_timeout = 20ms});
  EXPECT_EQ(pool.prewarm(1, 10s), 1U);
  const Duration took = time_of<TypeParam>([&] {
    pool.clear();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  });
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(pool.prewarm(1, 10s), 1U);
  this->server.throw_from(FakeMethod::invalidate, 1);
  pool.clear();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
}

// Law 11; C68: nobody waits for a goodbye, neither who gives back nor who takes.
TYPED_TEST_P(PoolLawsAmongWorkers, ASlowGoodbyeHoldsUpNobody) {
  this->server.next_connects({ok().slow_to_part(300ms), ok().slow_to_part(300ms)});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4, .max_idle = 2});
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  const Duration took = time_of<TypeParam>([&] {
    auto lease = pool.acquire();
    pool.retire_all();
    lease.release();
    lease = pool.acquire();
    EXPECT_EQ(lease->id(), 3U);
    EXPECT_EQ(pool.stats().closing, 2U);
  });
  EXPECT_LT(took, 250ms);
}

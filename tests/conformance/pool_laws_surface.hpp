/// Laws of the public surface: leases, with_connection, try_acquire, error codes, statistics.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, APoolOpensNothingUntilItIsAsked) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.stats().size(), 0U);
  EXPECT_EQ(pool.stats().max_size, 10U);
  EXPECT_EQ(this->server.counts().connects, 0U);
}

TYPED_TEST_P(PoolLaws, AReleasedConnectionIsUsedAgain) {
  Pool<TypeParam> pool(this->server.connector());
  const std::uint64_t first = pool.acquire()->id();
  auto lease = pool.acquire();
  EXPECT_EQ(lease->id(), first);
  EXPECT_EQ((*lease).id(), first);
  EXPECT_EQ(pool.stats().in_use, 1U);
  lease.release();
  EXPECT_FALSE(lease);
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(this->server.counts().opened, 1U);
}

// Law 2: a connection is given back once, whatever is done with the leases that had it.
TYPED_TEST_P(PoolLaws, AMovedFromOrReleasedLeaseGivesNothingBack) {
  using Lease = typename Pool<TypeParam>::Lease;
  static_assert(std::is_nothrow_move_constructible_v<Lease> && std::is_nothrow_move_assignable_v<Lease>);
  static_assert(!std::is_copy_constructible_v<Lease> && !std::is_copy_assignable_v<Lease>);
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto first = pool.acquire();
  auto second = std::move(first);
  first.release();  // NOLINT(bugprone-use-after-move): that is the test
  first.discard();
  EXPECT_EQ(pool.stats().in_use, 1U);
  auto& same = second;
  second = std::move(same);
  EXPECT_TRUE(second);
  second.release();
  second.release();
  second.discard();
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(pool.stats().size(), 1U);
}

TYPED_TEST_P(PoolLaws, ALeaseThatIsAssignedOverGivesItsConnectionBack) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  const std::uint64_t first = lease->id();
  lease = pool.acquire();
  EXPECT_NE(lease->id(), first);
  EXPECT_EQ(pool.stats().in_use, 1U);
  EXPECT_EQ(pool.stats().idle, 1U);
}

// On a SingleBackend discard() has closed before it returns.
TYPED_TEST_P(PoolLaws, ADiscardedConnectionIsClosed) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  pool.acquire().discard();
  if (!TypeParam::concurrent) {
    EXPECT_EQ(this->server.counts().open, 0U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_EQ(this->server.counts().open, 0U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::discarded), 1U);
  EXPECT_EQ(pool.acquire()->id(), 2U);
}

TYPED_TEST_P(PoolLaws, ADetachedConnectionLeavesThePoolAndItsPlace) {
  std::optional<typename Pool<TypeParam>::Connection> mine;
  {
    Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
    auto lease = pool.acquire();
    mine.emplace(lease.detach());
    EXPECT_FALSE(lease);
    EXPECT_EQ(pool.stats().size(), 0U);
    EXPECT_NE(pool.acquire()->id(), mine->id());
  }
  mine->use();
  EXPECT_EQ(this->server.counts().open, 1U);
}

TYPED_TEST_P(PoolLaws, WithConnectionReturnsWhatItsCallableDoes) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.with_connection([](auto& connection) { return connection.id(); }), 1U);
  static_assert(std::is_same_v<decltype(pool.with_connection([](auto&) { return std::unique_ptr<int>(); })),
                               std::unique_ptr<int>>);
  static_assert(std::is_void_v<decltype(pool.with_connection([](auto&) {}))>);
  EXPECT_EQ(*pool.with_connection([](auto&) { return std::make_unique<int>(7); }), 7);
  EXPECT_EQ(pool.stats().idle, 1U);
}

// Law 10, and the connector's word: keep or close; a connector that throws itself is no reason to keep.
TYPED_TEST_P(PoolLaws, WithConnectionAsksTheConnectorWhenItsCallableThrows) {
  Pool<TypeParam> pool(this->server.connector());
  const auto fail = [&] { pool.with_connection([](auto&) { throw std::domain_error("mine"); }); };
  const auto next = [&] { return pool.acquire()->id(); };
  this->server.judge_exceptions(Verdict::keep);
  EXPECT_THROW(fail(), std::domain_error);
  EXPECT_EQ(next(), 1U);
  this->server.judge_exceptions(Verdict::close);
  EXPECT_THROW(fail(), std::domain_error);
  EXPECT_EQ(next(), 2U);
  this->server.judge_exceptions(Verdict::keep);
  this->server.throw_from(FakeMethod::handle_exception, 1);
  EXPECT_THROW(fail(), std::domain_error);
  EXPECT_EQ(next(), 3U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::discarded), 2U);
}

// Law 10: guilty until proven clean.
TYPED_TEST_P(PoolLaws, ALeaseThatAnExceptionLeavesIsClosed) {
  Pool<TypeParam> pool(this->server.connector());
  try {
    const auto lease = pool.acquire();
    throw std::domain_error("mine");
  } catch (const std::domain_error&) {
    EXPECT_EQ(pool.stats().idle, 0U);
    const auto within = pool.acquire();  // taken and given back while an exception is being handled
    EXPECT_EQ(within->id(), 2U);
  }
  EXPECT_EQ(pool.acquire()->id(), 2U);
}

// Law 10, where the connector can prove that it is clean; what else closes a connection on return still does.
TYPED_TEST_P(PoolLaws, ALeaseThatAnExceptionLeavesIsPooledWhereItsProtocolIsInStep) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});  // a reset is not overtaken by a connect
  const auto fail = [&](auto use) {
    auto lease = pool.acquire();
    use(*lease);
    throw std::domain_error("mine");
  };
  this->server.keep_in_step(true);
  EXPECT_THROW(fail([](auto& connection) { connection.use(); }), std::domain_error);
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_THROW(fail([](auto& connection) { connection.get_dirty(); }), std::domain_error);
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(this->server.counts().resets, 1U);
  EXPECT_THROW(fail([](auto& connection) { connection.leave_a_reply_unread(); }), std::domain_error);
  EXPECT_EQ(pool.acquire()->id(), 2U);
}

TYPED_TEST_P(PoolLaws, ALeaseTakenAndGivenBackWhileTheStackUnwindsIsPooled) {
  Pool<TypeParam> pool(this->server.connector());
  struct Undo {
    Pool<TypeParam>& pool;
    ~Undo() { pool.acquire()->use(); }
  };
  try {
    const Undo undo{pool};
    throw std::domain_error("mine");
  } catch (const std::domain_error&) {
    EXPECT_EQ(pool.stats().idle, 1U);
  }
}

TYPED_TEST_P(PoolLaws, AcquireCanGiveAnErrorCodeInsteadOfAnException) {
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 1, .acquire_timeout = 300ms, .connect_attempts = 1, .connect_backoff = {20s, 20s}});
  std::error_code error = PoolErrc::interrupted;
  auto lease = pool.acquire(error);
  EXPECT_TRUE(lease);
  EXPECT_FALSE(error);
  EXPECT_FALSE(pool.acquire(error));
  EXPECT_EQ(error, PoolErrc::acquire_timeout);
  EXPECT_EQ(error, std::errc::timed_out);
  lease.discard();
  this->server.next_connects({refuse("down")});
  EXPECT_FALSE(pool.acquire(error));
  EXPECT_EQ(error, PoolErrc::connect_failed);
  EXPECT_FALSE(pool.acquire(error));
  EXPECT_EQ(error, PoolErrc::breaker_open);
  pool.close();
  EXPECT_FALSE(pool.acquire(error));
  EXPECT_EQ(error, PoolErrc::pool_closed);
}

// It never waits and never opens in the caller; what it asks for is opened elsewhere, once.
TYPED_TEST_P(PoolLaws, TryAcquireHasOneConnectionOpenedInTheBackground) {
  Pool<TypeParam> pool(this->server.connector());
  this->server.next_connects({TypeParam::concurrent ? held() : ok()});
  const Duration took = time_of<TypeParam>([&] {
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(pool.try_acquire());
  });
  EXPECT_LT(took, 1s);
  if (!TypeParam::concurrent) {
    EXPECT_EQ(this->server.counts().connects, 0U);
  }
  this->server.let_through();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }, pool));
  const auto lease = pool.try_acquire();
  ASSERT_TRUE(lease);
  EXPECT_TRUE(*lease);
  EXPECT_EQ(this->server.counts().connects, 1U);
}

TYPED_TEST_P(PoolLaws, TryAcquireRefusesOnAClosedPool) {
  Pool<TypeParam> pool(this->server.connector());
  pool.close();
  EXPECT_THROW(static_cast<void>(pool.try_acquire()), carpool::PoolClosed);
}

TYPED_TEST_P(PoolLaws, AnIdleConnectionIsGivenEvenIfTheDeadlineHasPassed) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  static_cast<void>(pool.acquire());
  EXPECT_TRUE(pool.acquire_until(TypeParam::now() - 1s));
  EXPECT_TRUE(pool.acquire_for(0ns));
  const auto lease = pool.acquire_until(carpool::never);
  EXPECT_THROW(static_cast<void>(pool.acquire_for(0ns)), carpool::AcquireTimeout);
  EXPECT_THROW(static_cast<void>(pool.acquire_until(TypeParam::now() - 1s)), carpool::AcquireTimeout);
}

TYPED_TEST_P(PoolLaws, StatsCountWhatHappened) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .connect_backoff = {1ms, 1ms}});
  this->server.next_connects({refuse("once")});
  auto first = pool.acquire();
  auto second = pool.acquire();
  EXPECT_EQ(error_of([&] { return pool.acquire_for(1ms); }), PoolErrc::acquire_timeout);
  PoolStats stats = pool.stats();
  EXPECT_EQ(stats.in_use, 2U);
  EXPECT_EQ(stats.acquired, 2U);
  EXPECT_EQ(stats.timeouts, 1U);
  EXPECT_EQ(stats.created, 2U);
  EXPECT_EQ(stats.connect_failures, 1U);
  EXPECT_EQ(stats.waiting, 0U);
  EXPECT_FALSE(stats.closed || stats.suspended);
  first.release();
  second.discard();
  pool.suspend();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().closing == 0; }));
  stats = pool.stats();
  EXPECT_EQ(stats.idle, 1U);
  EXPECT_EQ(stats.size(), 1U);
  EXPECT_TRUE(stats.suspended);
  pool.close();
  EXPECT_TRUE(pool.stats().closed);
}

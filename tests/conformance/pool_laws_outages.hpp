/// Laws of outages: the breaker, its probes, and the recovery.
#pragma once

#include "pool_laws_fixture.hpp"

// Law 15; C55.
TYPED_TEST_P(PoolLaws, WhileTheBreakerIsOpenCallersGetTheRealErrorAtOnce) {
  this->server.other_connects(refuse("the database is on holiday"));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 1, .connect_backoff = {2s, 2s}});
  pool.resize(3);
  EXPECT_EQ(error_of([&] { return pool.acquire_for(4s); }), PoolErrc::connect_failed);
  const auto before = TypeParam::now();
  const auto error = thrown<carpool::BreakerOpen>([&] { return pool.acquire(); });
  EXPECT_LT(TypeParam::now() - before, 500ms);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), PoolErrc::breaker_open);
  EXPECT_TRUE(contains(error->what(), "the database is on holiday")) << error->what();
  EXPECT_EQ(error->attempts(), 1U);
  EXPECT_TRUE(error->cause());
  EXPECT_GT(error->retry_after(), 0ns);
  EXPECT_LE(error->retry_after(), 2s);
  EXPECT_EQ(this->server.counts().connects, 1U) << "nobody bothers the server";
}

TYPED_TEST_P(PoolLaws, IdleConnectionsAreServedWhileTheBreakerIsOpen) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3, .connect_attempts = 1, .connect_backoff = {20s, 20s}});
  auto lease = pool.acquire();
  this->server.other_connects(refuse("down"));
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::breaker_open);
  lease.release();
  EXPECT_EQ(pool.acquire()->id(), 1U);
}

// Law 15; C47: a wrong password that is repeated locks the account.
// A pooler that was told to pause is there, and says nothing.
TYPED_TEST_P(PoolLaws, AServerThatPausesCostsNoConnectionAndOpensNoBreaker) {
  const carpool::ServerPaused paused("paused");
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 2, .connect_attempts = 1, .validation_bypass_window = 0ms});
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  this->server.throw_from(FakeMethod::ping, 1, std::make_exception_ptr(paused));
  this->server.throw_from(FakeMethod::ping, 1, std::make_exception_ptr(paused));
  EXPECT_LE(pool.acquire()->id(), 2U);
  EXPECT_EQ(pool.stats().created, 2U);
  EXPECT_EQ(pool.stats().size(), 2U);
  pool.clear();
  this->server.next_connects({failing_with(paused), failing_with(paused), ok()});
  EXPECT_GT(pool.acquire()->id(), 2U);
  EXPECT_EQ(pool.stats().connect_failures, 2U);
}

TYPED_TEST_P(PoolLaws, AnAuthenticationErrorIsNotTriedAgain) {
  this->server.other_connects(refuse_credentials("wrong password"));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 5, .connect_backoff = {20s, 20s}});
  const auto error = thrown<carpool::ConnectError>([&] { return pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), PoolErrc::authentication_failed);
  EXPECT_EQ(error->code(), std::errc::permission_denied);
  EXPECT_EQ(error->attempts(), 1U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::breaker_open);
  EXPECT_EQ(this->server.counts().connects, 1U);
}

// There is no such database, and there will be none a moment later: PostgreSQL's 3D000 was asked for three times.
TYPED_TEST_P(PoolLaws, ARefusalThatWouldBeRepeatedIsNotTriedAgain) {
  this->server.next_connects({carpool::fake::failing_with(carpool::ConnectRefused("no such database"))});
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 5, .connect_backoff = {20ms, 20ms}});
  const auto error = thrown<carpool::ConnectError>([&] { return pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), PoolErrc::connect_failed);
  EXPECT_EQ(error->attempts(), 1U);
  EXPECT_EQ(this->server.counts().connects, 1U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return !error_of([&] { return pool.acquire(); }); }, pool))
      << "after the back-off, and not after 30 s";
}

// The breaker used to let a series through after each back-off: 11 log-ins in 20 s, and accounts are locked after 5.
TYPED_TEST_P(PoolLaws, RefusedCredentialsAreTriedAgainOnlyWhenThePoolIsTold) {
  this->server.other_connects(refuse_credentials("wrong password"));
  Pool<TypeParam> pool(this->server.connector(), {.min_idle = 2, .connect_backoff = {1ms, 1ms}});
  const TimePoint started = TypeParam::now();
  while (TypeParam::now() < started + 100ms) {
    EXPECT_TRUE(error_of([&] { return pool.acquire(); }));
    pause<TypeParam>(1ms);
  }
  EXPECT_EQ(this->server.counts().connects, 1U);
  const auto error = thrown<carpool::BreakerOpen>([&] { return pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_GT(error->retry_after(), 15s);
  EXPECT_TRUE(contains(error->what(), "next try in ") && contains(error->what(), "retire_all()")) << error->what();
  pool.retire_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connects == 2; }, pool));
  this->server.other_connects(ok());
  pool.suspend();
  pool.resume();
  EXPECT_TRUE(pool.acquire_for(10s));
}

// Law 15: after the back-off one try, not a series; each failure doubles the next back-off; a success closes the
// breaker.
TYPED_TEST_P(PoolLaws, TheBreakerIsProbedOnceAfterEachBackOffUntilTheServerIsBack) {
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(), {.connect_attempts = 2, .connect_backoff = {40ms, 400ms}});
  const auto connects = [&] { return this->server.counts().connects; };
  TimePoint began = TypeParam::now();
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  EXPECT_EQ(connects(), 2U);
  for (const Duration least : {20ms, 40ms, 80ms}) {  // the back-off is twice that, shortened by up to half
    const TimePoint failure = began;
    for (const std::size_t before = connects(); connects() == before;) {
      began = TypeParam::now();
      EXPECT_TRUE(error_of([&] { return pool.acquire(); }));
      EXPECT_LE(connects(), before + 1) << "one try, and not a series";
      pause<TypeParam>(1ms);
    }
    EXPECT_GE(TypeParam::now() - failure, least);
  }
  this->server.other_connects(ok());
  EXPECT_TRUE(eventually<TypeParam>([&] { return !error_of([&] { return pool.acquire(); }); }));
  EXPECT_EQ(this->server.counts().opened, 1U);
}

// Law 15: one probe at a time, however many want a connection; after the first success 2, then 4, then 8 at once (C43).
TYPED_TEST_P(PoolLawsAmongWorkers, OnRecoveryConnectsRampUp) {
  this->server.next_connects({refuse("down")});
  this->server.other_connects(held());
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 20, .max_connecting = 8, .connect_attempts = 1, .connect_backoff = {5ms, 5ms}});
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  pause<TypeParam>(6ms);
  typename TypeParam::template Atomic<bool> enough{false};
  Workers<TypeParam> workers;
  workers.start(20, [&] {
    const auto lease = pool.acquire();
    EXPECT_TRUE(eventually<TypeParam>([&] { return enough.load(); }));
  });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 20; }));
  std::size_t opened = 0;
  for (const std::size_t wave : {1U, 2U, 4U, 8U}) {
    const auto flight = [&] { return this->server.counts().connecting; };
    EXPECT_TRUE(eventually<TypeParam>([&] { return flight() == wave; })) << flight() << " instead of " << wave;
    pause<TypeParam>(3ms);
    EXPECT_EQ(this->server.counts().peak_connecting, wave);
    if (wave == 8) break;
    this->server.let_through(wave);
    opened += wave;
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().opened == opened; }));
  }
  this->server.let_through(20);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().opened == 20; }));
  enough.store(true);
  workers.join();
  EXPECT_EQ(this->server.counts().peak_connecting, 8U);
}

// C43: during an outage, what reaches the server does not grow with the number of callers.
TYPED_TEST_P(PoolLawsAmongWorkers, AnOutageIsProbedByThePoolAndNotByEveryCaller) {
  this->server.other_connects(refuse("down"));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 10, .connect_attempts = 1, .connect_backoff = {40ms, 40ms}});
  const TimePoint end = TypeParam::now() + 200ms;
  Workers<TypeParam> workers;
  workers.start(20, [&] {
    while (TypeParam::now() < end) {
      EXPECT_TRUE(error_of([&] { return pool.acquire(); }));
      pause<TypeParam>(1ms);
    }
  });
  workers.join();
  const std::size_t windows = static_cast<std::size_t>((TypeParam::now() - end + 200ms) / 20ms) + 1;
  EXPECT_LE(this->server.counts().connects, windows + 1) << "the first two were in flight together";
}

/// Laws of ages: what is closed for its age or its uses, kept alive while idle, or reported because it is out too long.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, MaxUsesClosesAConnectionOnItsLastReturn) {
  ObservedPool<TypeParam> pool(this->server.connector(), {}, limits(carpool::forever, carpool::forever, 2));
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(pool.acquire()->id(), 1U);
  EXPECT_EQ(pool.stats().idle, 0U);
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::expired), 1U);
}

// Checked on return, where nobody has looked in between.
TYPED_TEST_P(PoolLaws, AConnectionThatExpiresWhileLeasedIsClosedOnReturn) {
  ObservedPool<TypeParam> pool(this->server.connector(), {}, limits(30ms));
  {
    const auto lease = pool.acquire();
    pause<TypeParam>(50ms);
    lease->use();
  }
  EXPECT_EQ(pool.stats().idle, 0U);
  EXPECT_GT(pool.acquire()->id(), 1U);
  EXPECT_GE(closed_for<TypeParam>(pool, CloseReason::expired), 1U);
}

// Checked by the reaper, where nobody comes any more, when it is due and not before (C57).
TYPED_TEST_P(PoolLaws, ConnectionsAreClosedWhenTheyAreDueWithoutAnyTraffic) {
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(this->server.connector(), {}, limits(carpool::forever, 40ms), observer);
  this->server.next_connects({ok(), ok().announcing(20ms)});
  {
    const auto first = pool.acquire();
    const auto second = pool.acquire();
  }
  const TimePoint released = observer.seen("released").back().at;
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  for (const Event& close : observer.seen("connection_closed")) {
    EXPECT_EQ(close.reason, close.id == 2 ? CloseReason::expired : CloseReason::idle);
    if (close.id == 1) {
      EXPECT_GE(close.at - released, 40ms - 10ms) << "by the coarse clock";
    }
  }
}

TYPED_TEST_P(PoolLaws, AConnectionThatIsAlwaysInUseGetsTooOldAllTheSame) {
  ObservedPool<TypeParam> pool(this->server.connector(), {.max_size = 1}, limits(60ms, 10s));
  const TimePoint started = TypeParam::now();
  while (pool.acquire_for(10s)->id() == 1) pause<TypeParam>(1ms);
  EXPECT_GE(TypeParam::now() - started, 60ms);
  EXPECT_GE(closed_for<TypeParam>(pool, CloseReason::expired), 1U);
}

// The reaper goes on after somebody else did its work.
TYPED_TEST_P(PoolLaws, ReapDoesNotDisturbTheReaper) {
  ObservedPool<TypeParam> pool(this->server.connector(), {}, limits(carpool::forever, 200ms));
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  EXPECT_EQ(pool.reap(), 0U);
  EXPECT_EQ(pool.stats().idle, 2U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::idle), 2U);
}

// C44: connections that were opened together are not closed together.
TYPED_TEST_P(PoolLaws, JitteredLifetimesEndOneByOne) {
  using Jittered = carpool::Jittered<carpool::MaxLifetime>;
  std::vector<double> ends;
  for (int i = 0; i < 200; ++i) {
    carpool::Slot slot;
    slot.jitter = static_cast<double>(TypeParam::random() >> 11) * 0x1.0p-53;
    ends.push_back(std::chrono::duration<double>(Jittered(carpool::MaxLifetime(100s)).due(slot) - slot.born).count());
  }
  std::sort(ends.begin(), ends.end());
  EXPECT_GE(ends.front(), 75.0);
  EXPECT_LE(ends.back(), 100.0);
  EXPECT_GT(ends.back() - ends.front(), 15.0);
}

TYPED_TEST_P(PoolLaws, IdleConnectionsAreKeptAliveByPings) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .keepalive_time = 20ms});
  {
    const auto one = pool.acquire();
    const auto two = pool.acquire();
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().pings >= 6; }, pool));
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 2; }, pool));
  EXPECT_EQ(this->server.counts().opened, 2U);
}

// Law 12: it was out when the reaper looked, and is not forgotten until the next look at everything.
TYPED_TEST_P(PoolLaws, AConnectionThatComesBackIsKeptAliveInTime) {
  Pool<TypeParam> pool(this->server.connector(), {.keepalive_time = 20ms});
  auto lease = pool.acquire();
  pause<TypeParam>(60ms);
  lease.release();
  EXPECT_LT(time_of<TypeParam>(
                [&] { EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().pings >= 1; }, pool)); }),
            5s);
}

// Law 12: neither a ping without answer nor a connector that throws ends the reaper.
TYPED_TEST_P(PoolLaws, TheReaperSurvivesWhateverAConnectorThrows) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .min_idle = 2, .keepalive_time = 10ms});
  const auto refilled = [&] { return pool.stats().idle == 2; };
  EXPECT_TRUE(eventually<TypeParam>(refilled, pool));
  for (int i = 0; i < 3; ++i) {
    const std::size_t opened = this->server.counts().opened;
    this->server.throw_from(
        FakeMethod::ping, 1,
        i == 1 ? std::make_exception_ptr(42) : std::make_exception_ptr(std::runtime_error("no answer")));
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().opened > opened; }, pool));
    EXPECT_TRUE(eventually<TypeParam>(refilled, pool));
  }
  this->server.kill_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().opened >= 7 && refilled(); }, pool));
}

// A lease that is out for longer is reported once, with its site.
TYPED_TEST_P(PoolLaws, ALeaseThatIsOutForTooLongIsReportedOnce) {
  const RecordingObserver<TypeParam> observer;
  ObservedPool<TypeParam> pool(this->server.connector(), {.leak_detection_threshold = 30ms}, no_limits(), observer);
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  pause<TypeParam>(80ms);  // the reaper has been round, and nothing was out
  pool.reap();
  const auto leaked = pool.acquire();
  const auto line = carpool::SourceLocation::current().line() - 1;
  EXPECT_TRUE(eventually<TypeParam>([&] { return !observer.seen("leak_suspected").empty(); }, pool));
  const auto brief = pool.acquire();
  pause<TypeParam>(5ms);
  pool.reap();
  auto leaks = observer.seen("leak_suspected");
  std::erase_if(leaks, [&](const Event& leak) { return leak.site.line() != line; });  // the brief one may take long
  ASSERT_EQ(leaks.size(), 1U);
  EXPECT_GE(leaks[0].length, 30ms);
  EXPECT_LT(leaks[0].length, 5s);
}

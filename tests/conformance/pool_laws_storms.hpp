/// Laws under load: the spike, races, everything at once, that nobody starves, and what an idle pool costs.
#pragma once

#include "pool_laws_fixture.hpp"

#include <sys/resource.h>

// C45, HikariCP's "jungle": a crowd comes at once upon a cold pool whose connects are slow and whose work is short.
TYPED_TEST_P(PoolLawsAmongWorkers, ACrowdIsServedByFewConnections) {
  this->server.other_connects(slow(150ms));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 50, .min_idle = 5});
  typename TypeParam::template Atomic<std::size_t> served{0};
  const Duration took = time_of<TypeParam>([&] {
    Workers<TypeParam> workers;
    workers.start(50, [&] {
      pool.acquire()->use(2ms);
      served.fetch_add(1);
    });
  });
  EXPECT_EQ(served.load(), 50U);
  EXPECT_GE(took, 150ms);
  EXPECT_LT(took, 5s);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle >= 5 && pool.stats().connecting == 0; }));
  const auto rounds = static_cast<std::size_t>(took / 150ms) + 1;  // of max_connecting, while the crowd was there
  EXPECT_LE(this->server.counts().opened, std::max<std::size_t>(6, 2 * rounds));
}

// C13, C17, C25, C26, C27, C29: discards, deadlines, exceptions, refused connects, deaths and slow goodbyes mixed.
TYPED_TEST_P(PoolLawsAmongWorkers, NothingIsLostOrExceededWhateverHappens) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4,
                                                  .max_idle = 3,
                                                  .max_connecting = 3,
                                                  .connect_attempts = 2,
                                                  .connect_backoff = {100us, 400us},
                                                  .validation_bypass_window = 300us,
                                                  .handoff_after = 200us});
  this->deaths_race_with_goodbyes = true;
  const TimePoint end = TypeParam::now() + 400ms;
  Workers<TypeParam> workers;
  typename TypeParam::template Atomic<std::size_t> served{0};
  for (int i = 0; i < 8; ++i) {
    workers.start([&, i] {
      for (int step = i; TypeParam::now() < end; ++step) {
        try {
          auto lease = pool.acquire_for(step % 5 == 0 ? Duration(200us) : Duration(10s));
          lease->use(50us);
          if (step % 7 == 0) lease->get_dirty();
          if (step % 11 == 0) lease->leave_a_reply_unread();
          if (step % 13 == 0) lease->die();
          if (step % 17 == 0) lease.discard();
          if (step % 19 == 0) throw std::domain_error("mine");
          if (lease && step % 23 == 0) static_cast<void>(lease.detach());
          served.fetch_add(1);
        } catch (const std::exception&) {  // that is life
        }
      }
    });
  }
  workers.start([&] {
    for (int step = 0; TypeParam::now() < end; ++step) {
      this->server.next_connects(
          {refuse("now and then"), ok().slow_to_part(1ms), slow(1ms), ok().dying_after_checks(0)});
      if (step % 8 == 0) this->server.kill_all();
      if (step % 16 == 0) this->server.throw_from(FakeMethod::reset, 1);
      if (step % 16 == 8) this->server.throw_from(FakeMethod::ping, 1);
      pause<TypeParam>(3ms);
    }
  });
  workers.join();
  this->server.other_connects(ok());
  EXPECT_TRUE(eventually<TypeParam>([&] { return !error_of([&] { return pool.acquire_for(1s); }); }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == pool.stats().idle; }));
  const PoolStats stats = pool.stats();
  EXPECT_GT(served.load(), 100U);
  EXPECT_EQ(stats.waiting, 0U);
  EXPECT_LE(stats.idle, 3U);
  EXPECT_EQ(this->server.counts().open, stats.idle);
}

// Law 12: it sleeps until something is due.
TYPED_TEST_P(PoolLawsAmongWorkers, AnIdlePoolUsesNoProcessor) {
  const auto processor_time = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto length = [](const timeval& time) {
      return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return length(usage.ru_utime) + length(usage.ru_stime);
  };
  Pool<TypeParam> pool(this->server.connector(), {.min_idle = 4});
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 4; }));
  const auto lease = pool.acquire();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 4; }));
  const auto before = processor_time();
  pause<TypeParam>(300ms);
  EXPECT_LT(processor_time() - before, 60ms);
}

// Law 7; C11, C12, C30, C32: the deadline comes while the connection does. Exactly one of the two has it.
TYPED_TEST_P(PoolLawsAmongWorkers, NothingIsLostWhenADeadlineRacesWithARelease) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 50us});
  const TimePoint end = TypeParam::now() + 250ms;
  Workers<TypeParam> workers;
  for (int i = 0; i < 6; ++i) {
    workers.start([&pool, end, i] {
      while (TypeParam::now() < end) {
        const Duration timeout = 100us + i * 40us;
        try {
          pool.acquire_for(timeout)->use(100us);
        } catch (const carpool::AcquireTimeout&) {  // half of them
        }
      }
    });
  }
  workers.join();
  EXPECT_TRUE(pool.acquire_for(10s));
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(pool.stats().size(), 1U);
  EXPECT_GT(pool.stats().timeouts, 0U);
  EXPECT_EQ(this->server.counts().opened, 1U) << "no good connection was closed";
}

// C34, C35: under more load than the pool can take, everybody gets a share, the slow one too.
TYPED_TEST_P(PoolLawsAmongWorkers, NobodyStarvesUnderLoad) {
  constexpr std::size_t crowd = 12, rounds = 300;
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  std::vector<typename TypeParam::template Atomic<std::size_t>> served(crowd);
  typename TypeParam::template Atomic<std::size_t> ready{0}, finished{0};
  std::vector<std::size_t> when_the_first_had_finished;
  Workers<TypeParam> workers;
  for (std::size_t i = 0; i < crowd; ++i) {
    workers.start([&, i] {
      ready.fetch_add(1);
      EXPECT_TRUE(eventually<TypeParam>([&] { return ready.load() == crowd; }));
      while (finished.load() == 0 && served[i].load() < rounds) {
        pool.acquire()->use(i == 0 ? 1ms : 200us);
        served[i].fetch_add(1);
      }
      if (finished.fetch_add(1) > 0) return;
      for (const auto& each : served) when_the_first_had_finished.push_back(each.load());
    });
  }
  workers.join();
  ASSERT_EQ(when_the_first_had_finished.size(), crowd);
  for (const std::size_t each : when_the_first_had_finished) EXPECT_GE(each, rounds / 4);
}

// C42: workers that need two connections at once are safe from T * (2 - 1) + 1 on, and no deadlock is made by the pool.
TYPED_TEST_P(PoolLawsAmongWorkers, NestedAcquiresEndWhenThePoolIsJustLargeEnough) {
  constexpr std::size_t workers_count = 5;
  Pool<TypeParam> pool(this->server.connector(), {.max_size = workers_count + 1, .acquire_timeout = 10s});
  Workers<TypeParam> workers;
  workers.start(workers_count, [&] {
    for (int i = 0; i < 50; ++i) {
      const auto outer = pool.acquire();
      pool.acquire()->use(10us);
    }
  });
  workers.join();
  EXPECT_EQ(pool.stats().timeouts, 0U);
}

// C01, C04, C08: many short meetings of a release and one who is about to wait. A lost wake-up would be a timeout.
TYPED_TEST_P(PoolLawsAmongWorkers, NoWakeUpIsLost) {
  for (const Duration handoff : {Duration(0ns), Duration(1ms), carpool::forever}) {
    Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .acquire_timeout = 10s, .handoff_after = handoff});
    Workers<TypeParam> workers;
    workers.start(5, [&] {
      for (int i = 0; i < 300; ++i) {
        const auto lease = pool.acquire();
        if (i % 3 == 0) lease->use(1us);
      }
    });
    workers.join();
    EXPECT_EQ(pool.stats().timeouts, 0U);
    EXPECT_EQ(pool.stats().idle, pool.stats().size());
  }
}

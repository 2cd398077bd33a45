/// Laws of waiting: who is served next, who may overtake, who leaves and what becomes of what it was given.
#pragma once

#include "pool_laws_fixture.hpp"

// Law 3; C01, C03.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedByARelease) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(pool.acquire_for(10s)->id(), 1U); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  lease.release();
  workers.join();
}

TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterLeavesAtItsDeadlineAndNotBefore) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  const auto lease = pool.acquire();
  const TimePoint deadline = TypeParam::now() + 30ms;
  const auto error = thrown_by<carpool::AcquireTimeout>([&] { return pool.acquire_until(deadline); });
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + 5s);
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "1 waiting")) << error->what();
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// Law 3; C05, C06: a connection that comes back broken is replaced for the one who waits, whatever min_idle is.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedWhenABrokenConnectionComesBack) {
  for (const std::size_t min_idle : {0U, 1U, 2U}) {
    Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .min_idle = min_idle});
    auto a = pool.acquire();
    auto b = pool.acquire();
    Workers<TypeParam> workers;
    workers.start(2, [&] { EXPECT_TRUE(pool.acquire_for(10s)); });
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
    a->leave_a_reply_unread();
    a.release();
    b.discard();
    workers.join();
  }
}

TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedWhenALeaseIsDetached) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(pool.acquire_for(10s)->id(), 2U); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  const auto mine = lease.detach();
  workers.join();
}

// Law 8 with handoff_after = 0; C33, C37.
TYPED_TEST_P(PoolLawsAmongWorkers, InStrictOrderThoseWhoCameFirstAreServedFirst) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ns});
  for (int round = 0; round < 8; ++round) {
    auto lease = pool.acquire_for(10s);
    std::vector<std::size_t> order;  // written by whoever has the only connection
    Workers<TypeParam> workers;
    for (std::size_t i = 0; i < 5; ++i) {
      workers.start([&, i] {
        const auto mine = pool.acquire_for(10s);
        order.push_back(i);
        mine->use(50us);
      });
      EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == i + 1; }));
    }
    lease.release();
    lease = pool.acquire_for(10s);  // a newcomer, who would be faster than all of them
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    lease.release();
    workers.join();
  }
}

// Law 8: before handoff_after a running caller may overtake; afterwards nobody does.
TYPED_TEST_P(PoolLawsAmongWorkers, NobodyOvertakesAWaiterWhoHasWaitedHandoffAfter) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 2ms});
  struct Turn {
    TimePoint began;
    bool victim;
  };
  std::vector<Turn> turns;  // written by whoever has the only connection
  typename TypeParam::template Atomic<bool> stop{false};
  Workers<TypeParam> workers;
  const auto take_turn = [&](bool victim) {
    const TimePoint began = TypeParam::now();
    const auto lease = pool.acquire_for(10s);
    turns.push_back({began, victim});
    lease->use(100us);
  };
  workers.start(2, [&] {
    while (!stop.load()) take_turn(false);
  });
  for (int i = 0; i < 20; ++i) take_turn(true);
  stop.store(true);
  workers.join();
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (!turns[i].victim) continue;
    const auto overtook = [&](const Turn& other) { return !other.victim && other.began > turns[i].began + 2ms + 50ms; };
    EXPECT_EQ(std::count_if(turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(i), overtook), 0);
  }
}

// Law 8: the first in line is given a dead connection. It waits on where it stood, not at the end.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterWhoWasDisappointedKeepsItsPlaceInLine) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ns});
  auto lease = pool.acquire();
  std::vector<std::size_t> order;
  Workers<TypeParam> workers;
  for (std::size_t i = 0; i < 4; ++i) {
    workers.start([&, i] {
      const auto mine = pool.acquire_for(10s);
      order.push_back(i);
    });
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == i + 1; }));
  }
  this->server.kill_all();  // is found at the hand-out
  this->server.next_connects({ok().dying_after_checks(1)});
  lease.release();
  workers.join();
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(this->server.counts().opened, 3U);
}

// C39.
TYPED_TEST_P(PoolLawsAmongWorkers, MoreThanMaxWaitersAreRefusedAtOnce) {
  Pool<TypeParam> pool(this->server.connector(), {.name = "full", .max_size = 1, .max_waiters = 2});
  auto lease = pool.acquire();
  Workers<TypeParam> workers;
  workers.start(2, [&] { EXPECT_TRUE(pool.acquire_for(10s)); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
  const Duration took = time_of<TypeParam>([&] {
    const auto error = thrown_by<carpool::QueueFull>([&] { return pool.acquire(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), PoolErrc::queue_full);
    EXPECT_TRUE(contains(error->what(), "'full'")) << error->what();
  });
  EXPECT_LT(took, 1s);
  lease.release();
  workers.join();
  EXPECT_TRUE(pool.acquire());
}

// Who has its place in line already is not refused for want of room.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterWhoWasDisappointedIsNotRefused) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .max_waiters = 3, .handoff_after = 0ns});
  for (int round = 0; round < 20; ++round) {
    auto lease = pool.acquire();
    Workers<TypeParam> workers;
    typename TypeParam::template Atomic<bool> stop{false};
    workers.start(3, [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(10s); }), std::error_code()); });
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 3; }));
    Workers<TypeParam> crowd;  // fills the line whenever there is room
    crowd.start(4, [&] {
      while (!stop.load()) {
        static_cast<void>(error_of([&] { return pool.acquire_for(10s); }));
        pause<TypeParam>(20us);
      }
    });
    lease->die();
    lease.release();
    workers.join();
    stop.store(true);
    crowd.join();
  }
}

// C02: those who have left are passed over, and those who are still there are served.
TYPED_TEST_P(PoolLawsAmongWorkers, NobodyIsServedTooLateBecauseOthersHaveLeft) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Workers<TypeParam> workers;
  for (int i = 0; i < 60; ++i) {
    const bool patient = i % 6 == 5;
    workers.start([&pool, patient] {
      const std::error_code error = error_of([&] { return pool.acquire_for(patient ? Duration(10s) : Duration(1ms)); });
      if (patient) {
        EXPECT_FALSE(error) << error.message();
      }
    });
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 10; }));
  lease.release();
  workers.join();
  EXPECT_EQ(pool.stats().idle, 1U);
}

// Law 7; C11, C12, C30, C32: the deadline comes while the connection does. Exactly one of the two has it.
TYPED_TEST_P(PoolLawsAmongWorkers, NothingIsLostWhenADeadlineRacesWithARelease) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 50us});
  const TimePoint end = TypeParam::now() + 250ms;
  Workers<TypeParam> workers;
  for (int i = 0; i < 6; ++i) {
    workers.start([&pool, end, i] {
      while (TypeParam::now() < end) {
        const Duration patience = 100us + i * 40us;
        try {
          pool.acquire_for(patience)->use(100us);
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

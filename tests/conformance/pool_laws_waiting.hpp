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
  const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_until(deadline); });
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
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterWhoWasDisappointedKeepsItsTurnInLine) {
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
    const auto error = thrown<carpool::QueueFull>([&] { return pool.acquire(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), PoolErrc::queue_full);
    EXPECT_TRUE(contains(error->what(), "'full'")) << error->what();
  });
  EXPECT_LT(took, 1s);
  lease.release();
  workers.join();
  EXPECT_TRUE(pool.acquire());
}

// It used to refuse everybody, also on an empty pool, for ever: whoever came first counted as a waiter.
TYPED_TEST_P(PoolLawsAmongWorkers, WithMaxWaitersZeroNobodyWaitsAndAConnectBeginsAllTheSame) {
  this->server.next_connects({held()});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .max_waiters = 0});
  const auto refused = [&] { return error_of([&] { return pool.acquire(); }) == PoolErrc::queue_full; };
  EXPECT_TRUE(refused());
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts().connecting == 1; }));
  EXPECT_TRUE(refused()) << "it does not wait for the connect either";
  this->server.let_through();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }));
  {
    const auto lease = pool.acquire();
    EXPECT_TRUE(refused());
  }
  this->server.kill_all();  // is found at the hand-out
  EXPECT_TRUE(refused());
  EXPECT_TRUE(eventually<TypeParam>([&] { return !refused(); }));
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// Those who wait for a target that is dead used to make a healthy one refuse.
TYPED_TEST_P(PoolLawsAmongWorkers, MaxWaitersIsEachTargetsOwn) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 4, .max_waiters = 2});
  const auto lease = pool.acquire("good");
  this->server.other_connects(held());
  Workers<TypeParam> workers;
  workers.start(2, [&] { EXPECT_TRUE(pool.acquire_for("bad", 10s)); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
  EXPECT_EQ(error_of([&] { return pool.acquire_for("bad", 10s); }), PoolErrc::queue_full);
  EXPECT_EQ(error_of([&] { return pool.acquire_for("good", 1ms); }), PoolErrc::acquire_timeout) << "it may wait";
  this->server.let_through(10);
}

// Who has its turn in line already is not refused for want of room.
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

// needs: fiber_backend
#include <carpool/fiber_backend.hpp>

#include "pool_conformance.hpp"

#include <thread>

#include <boost/fiber/operations.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLaws, carpool::FiberBackend, PoolBackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLawsAmongWorkers, carpool::FiberBackend, PoolBackendName);

namespace {
using Backend = carpool::FiberBackend;
}

// Law 11: a fiber that is ready to run does not run while another gives back.
TEST(FiberPool, GivingBackDoesNotSuspend) {
  const FakeServer server;
  Pool<Backend> pool(server.connector(), {.max_size = 5});
  std::vector<Pool<Backend>::Lease> leases;
  for (int i = 0; i < 5; ++i) leases.push_back(pool.acquire());
  leases[1]->leave_a_reply_unread();
  leases[2]->get_dirty();
  bool ran = false;
  auto other = Backend::spawn([&] { ran = true; });
  for (std::size_t i = 0; i < 4; ++i) leases[i].release();
  leases[4].discard();
  EXPECT_FALSE(ran);
  other.join();
  EXPECT_TRUE(ran);
}

// Taking a ready connection does not suspend either.
TEST(FiberPool, TakingAReadyConnectionDoesNotSuspend) {
  const FakeServer server;
  Pool<Backend> pool(server.connector());
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  bool ran = false;
  auto other = Backend::spawn([&] { ran = true; });
  const auto first = pool.acquire();
  const auto second = pool.try_acquire();
  EXPECT_FALSE(ran);
  other.join();
}

// Law 17: whoever waits, whatever for, the other fibers of the thread go on.
TEST(FiberPool, AWaitHoldsUpNoOtherFiber) {
  FakeServer server;
  server.other_connects(slow(300ms).slow_to_part(30ms).answering_pings(FakeReply::silence));
  bool over = false;
  int ticks = 0;
  auto ticker = Backend::spawn([&] {
    while (!over) {
      pause<Backend>(1ms);
      ++ticks;
    }
  });
  {
    Pool<Backend> pool(server.connector(),
                       {.max_size = 1, .validation_bypass_window = 1ms, .validation_timeout = 300ms});
    const auto ticked_meanwhile = [&](auto call) {
      const int before = ticks;
      call();
      return ticks >= before + 2;  // more than the one that was due
    };
    EXPECT_TRUE(ticked_meanwhile([&] { static_cast<void>(pool.acquire()); })) << "connect";
    pause<Backend>(20ms);
    EXPECT_TRUE(ticked_meanwhile([&] { static_cast<void>(pool.acquire()); })) << "ping";
    const auto lease = pool.acquire();
    EXPECT_TRUE(ticked_meanwhile([&] { EXPECT_TRUE(error_of([&] { return pool.acquire_for(300ms); })); })) << "line";
    EXPECT_TRUE(ticked_meanwhile([&] { EXPECT_EQ(pool.drain(300ms), 1U); })) << "drain";
  }
  over = true;
  ticker.join();
}

// Law 8: before handoff_after a caller who is running may overtake; one who is in line has to wake up first.
TEST(FiberPool, ARunningCallerMayOvertakeBeforeHandoffAfter) {
  const FakeServer server;
  Pool<Backend> pool(server.connector(), {.max_size = 1, .handoff_after = 10s});
  auto lease = pool.acquire();
  bool served = false;
  auto waiter = Backend::spawn([&] {
    pool.acquire_for(10s)->use();
    served = true;
  });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  lease.release();
  lease = pool.acquire_for(10s);  // the waiter has been told, and has not run yet
  EXPECT_FALSE(served);
  EXPECT_EQ(pool.stats().waiting, 1U) << "it has kept its turn";
  lease.release();
  waiter.join();
  EXPECT_TRUE(served);
}

// Once the waiter has waited so long, the same caller has to stand in line.
TEST(FiberPool, ARunningCallerDoesNotOvertakeAfterHandoffAfter) {
  const FakeServer server;
  Pool<Backend> pool(server.connector(), {.max_size = 1, .handoff_after = 5ms});
  auto lease = pool.acquire();
  bool served = false;
  auto waiter = Backend::spawn([&] {
    pool.acquire_for(10s)->use();
    served = true;
  });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  pause<Backend>(6ms);
  lease.release();
  EXPECT_FALSE(pool.try_acquire());
  lease = pool.acquire_for(10s);
  EXPECT_TRUE(served);
  waiter.join();
}

// One pool, fibers of several threads and plain threads.
TEST(FiberPool, OnePoolServesFibersOfSeveralThreads) {
  const FakeServer server;
  Pool<Backend> pool(server.connector(), {.max_size = 3});
  std::atomic<int> served{0};
  const auto work = [&] {
    Workers<Backend> workers;
    workers.start(8, [&] {
      for (int i = 0; i < 40; ++i) {
        const auto lease = pool.acquire_for(10s);
        if (i % 4 == 0) lease->use(20us);
        ++served;
      }
    });
  };
  {
    std::thread first(work);
    std::thread second(work);
    first.join();
    second.join();
  }
  EXPECT_EQ(served.load(), 640);
  EXPECT_LE(server.counts().peak_size, 3U);
  EXPECT_EQ(pool.stats().in_use + pool.stats().waiting, 0U);
}

// The waiter is told of a failed connect, and before it runs its target is forgotten.
TEST(FiberPool, AWaiterMayOutliveThePoolsMemoryOfItsTarget) {
  FakeServer server;
  FakeConnect refusal = refuse("down");
  refusal.delay = 200ms;
  server.next_connects("a", {refusal});
  TargetPool<Backend> pool(server.target_connector(), {.connect_attempts = 1, .connect_backoff = {1us, 1us}});
  std::error_code error;
  auto waiter = Backend::spawn([&] { error = error_of([&] { return pool.acquire("a"); }); });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  const auto spin = [&](auto condition) {  // without letting the waiter run
    for (const TimePoint end = Backend::now() + 10s; !condition();) ASSERT_LT(Backend::now(), end);
  };
  spin([&] { return pool.stats().waiting == 0; });
  std::optional<TargetPool<Backend>::Lease> lease;
  spin([&] { return (lease = pool.try_acquire("a")).has_value(); });
  lease->discard();
  spin([&] { return pool.stats().size() == 0; });
  waiter.join();
  EXPECT_EQ(error, PoolErrc::connect_failed);
}

// needs: boost_thread_backend
#include <carpool/affine_bag.hpp>
#include <carpool/boost_thread_backend.hpp>

#include "pool_conformance.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLaws, carpool::BoostThreadBackend, PoolBackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLawsAmongWorkers, carpool::BoostThreadBackend, PoolBackendName);

namespace {

using Backend = carpool::BoostThreadBackend;

/// One that waits for the only connection of a pool.
class Interruption : public ::testing::Test {
 protected:
  FakeServer server;
  Pool<Backend> pool{server.connector(), {.max_size = 1, .handoff_after = 0ns}};
};

}  // namespace

// acquire is an interruption point.
TEST_F(Interruption, EndsAWait) {
  auto lease = pool.acquire();
  bool interrupted = false;
  auto task = Backend::spawn([&] {
    try {
      static_cast<void>(pool.acquire_until(carpool::never));
    } catch (const boost::thread_interrupted&) {
      interrupted = true;
    }
  });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  task.interrupt();
  task.join();
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(pool.stats().waiting, 0U);
  lease.release();
  EXPECT_TRUE(pool.acquire());
}

TEST_F(Interruption, IsACodeWhereNothingMayBeThrown) {
  const auto lease = pool.acquire();
  std::error_code error;
  auto task = Backend::spawn([&] { static_cast<void>(pool.acquire(error)); });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  task.interrupt();
  task.join();
  EXPECT_EQ(error, PoolErrc::interrupted);
}

// Who is told by a code goes on; then it must meet the interruption at its next wait.
TEST_F(Interruption, IsStillAskedForAfterItsCode) {
  const auto lease = pool.acquire();
  std::error_code error;
  bool asked_for = false, thrown = false;
  auto task = Backend::spawn([&] {
    static_cast<void>(pool.acquire(error));
    asked_for = boost::this_thread::interruption_requested();
    try {
      Backend::sleep_until(Backend::now() + 10s);
    } catch (const boost::thread_interrupted&) {
      thrown = true;
    }
  });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
  task.interrupt();
  task.join();
  EXPECT_EQ(error, PoolErrc::interrupted);
  EXPECT_TRUE(asked_for);
  EXPECT_TRUE(thrown);
}

namespace {

/// A backend whose workers stop between a look and the next, as a scheduler may stop them, when they are told to.
struct SlowBackend : Backend {
  static inline std::atomic<bool> stops = false;
  static inline std::atomic<int> stopped = 0;
  static void light_barrier() noexcept {
    Backend::light_barrier();
    if (!stops) return;
    stopped = 1;
    while (stops) std::this_thread::yield();
  }
};
struct AlwaysGood {
  struct Connection {};
  [[nodiscard]] static Connection connect(TimePoint) { return {}; }
  [[nodiscard]] static bool is_connected(const Connection&) noexcept { return true; }
};

}  // namespace

// The destructor waits for a worker that is at its own connection without the lock: it must not throw there.
TEST(InterruptionOfADestructor, WaitsForItsEnd) {
  using CachingPool = carpool::ConnectionPool<SlowBackend, carpool::AffineBag, AlwaysGood>;
  SlowBackend::stopped = 0;  // where the test is repeated
  auto pool = std::make_unique<CachingPool>(AlwaysGood{}, carpool::PoolOptions{.max_size = 2});
  auto user = Backend::spawn([&] {
    for (int i = 0; i < 100; ++i) static_cast<void>(pool->acquire());
    auto lease = pool->acquire();
    SlowBackend::stops = true;
    lease.release();
  });
  EXPECT_TRUE(eventually<Backend>([] { return SlowBackend::stopped == 1; })) << "it has no connection of its own";
  bool still_asked_for = false;
  boost::thread owner([&] {
    pool.reset();
    still_asked_for = boost::this_thread::interruption_requested();
  });
  owner.interrupt();
  EXPECT_FALSE(owner.try_join_for(boost::chrono::milliseconds(20)));
  SlowBackend::stops = false;
  owner.join();
  user.join();
  EXPECT_TRUE(still_asked_for);
}

// Law 7; C11, C12, C18: the interruption comes while the connection does. Who was given it, or was told to look, passes
// it on; nobody loses it.
TEST(InterruptionOfAWaiter, PassesOnWhatItWasGiven) {
  for (int round = 0; round < 300; ++round) {
    const FakeServer server;
    Pool<Backend> pool(server.connector(), {.max_size = 1, .handoff_after = (round % 2) * 10s});
    auto lease = pool.acquire_for(10s);
    std::error_code error = PoolErrc::interrupted;
    auto interrupted = Backend::spawn([&] { pool.acquire_until(carpool::never)->use(); });
    EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 1; }));
    auto next = Backend::spawn([&] { error = error_of([&] { return pool.acquire_for(5s); }); });
    EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 2; }));
    auto releaser = Backend::spawn([&] { lease.release(); });
    interrupted.interrupt();
    interrupted.join();
    next.join();
    releaser.join();
    ASSERT_EQ(error, std::error_code()) << "in round " << round;
    ASSERT_EQ(pool.stats().idle, 1U) << "in round " << round;
    ASSERT_EQ(server.counts().opened, 1U) << "in round " << round;
  }
}

// Law 10: the connection that was being validated is in an unknown state. Where callers await, a background worker
// pings, whom the interruption does not reach: the ping's own time-out closes the connection.
TEST(InterruptionOfAPing, ClosesItsConnection) {
  const FakeServer server;
  const auto validation_timeout = callers_await == CallersAwait::none ? 5s : 1s;
  Pool<Backend> pool(server.connector(),
                     {.max_size = 1, .validation_bypass_window = 1ms, .validation_timeout = validation_timeout});
  static_cast<void>(pool.acquire());
  pause<Backend>(20ms);
  FakeServer(server).answer_every_ping(FakeReply::silence);
  const auto before = server.counts().pings;  // on a slow machine a new connection is pinged too
  auto task = Backend::spawn([&] { static_cast<void>(pool.acquire()); });
  EXPECT_TRUE(eventually<Backend>([&] { return server.counts().pings > before; }));
  task.interrupt();
  task.join();
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().closed_for(CloseReason::dead) == 1; }));
  FakeServer(server).answer_every_ping(FakeReply::yes);  // the next one may be pinged too
  EXPECT_EQ(pool.acquire()->id(), 2U);
}

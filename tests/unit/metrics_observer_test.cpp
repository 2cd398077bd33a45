// What MetricsObserver counts is what the pool did, on any number of threads.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "eventually.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

using carpool::AcquireFailure;
using carpool::CloseReason;
using carpool::ConnectFailureClass;
using carpool::FakeServer;
using carpool::MetricsObserver;
using carpool::PoolMetrics;
using carpool::detail::ThreadSeats;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector,
                                     carpool::DefaultEviction, MetricsObserver>;

/// Lets each connection be lent twice.
struct Vetting {
  struct Connection {
    int asked = 0;
  };
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool before_acquire(Connection& connection, carpool::TimePoint) const { return ++connection.asked <= 2; }
};

void use_from(std::size_t threads, Pool& pool, int leases) {
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int n = 0; n < leases; ++n) static_cast<void>(pool.acquire());
    });
  }
  for (std::thread& each : all) each.join();
}

/// A background worker closes what is to be closed, and tells of it.
PoolMetrics metrics_at_the_end_of(Pool& pool) {
  pool.close();
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return pool.stats().size() == 0; }));
  return pool.observer().metrics();
}

TEST(MetricsObserver, CountsEachLeaseOnceHoweverManyThreadsThereAre) {
  for (const std::size_t threads : {1U, 2U, 40U}) {
    const FakeServer server;
    Pool pool(server.connector(), {.max_size = 4});
    use_from(threads, pool, 2'000);
    const PoolMetrics metrics = pool.observer().metrics();
    EXPECT_EQ(metrics.wait_time.count(), threads * 2'000U);
    EXPECT_EQ(metrics.use_time.count(), threads * 2'000U);
    EXPECT_EQ(metrics.wait_time.count(), pool.stats().acquired);
    EXPECT_EQ(metrics.create_time.count(), pool.stats().created);
  }
}

TEST(MetricsObserver, CountsForEverMoreThreadsThanThereAreSeats) {
  const FakeServer server;
  Pool pool(server.connector());
  for (std::size_t i = 0; i < 5 * ThreadSeats::count; ++i) use_from(1, pool, 10);
  EXPECT_EQ(pool.observer().metrics().use_time.count(), 5 * ThreadSeats::count * 10);
  std::size_t seat = ThreadSeats::exclusive;
  std::thread([&] { seat = ThreadSeats::mine(); }).join();
  EXPECT_LT(seat, ThreadSeats::exclusive) << "those that have ended have left theirs";
}

TEST(MetricsObserver, TellsHowLongCallersWaitAndConnectionsAreUsedAndMade) {
  FakeServer server;
  server.next_connects({slow(30ms)});
  Pool pool(server.connector(), {.max_size = 1});
  {
    auto lease = pool.acquire();  // waits for the connect
    std::this_thread::sleep_for(20ms);
  }
  PoolMetrics metrics = pool.observer().metrics();
  EXPECT_GE(metrics.create_time.quantile(0.5), 28ms);
  EXPECT_GE(metrics.wait_time.quantile(0.5), 28ms);
  EXPECT_GE(metrics.use_time.quantile(0.5), 18ms) << "the first lease of a thread is timed";
  static_cast<void>(pool.acquire());
  metrics = pool.observer().metrics();
  EXPECT_EQ(metrics.wait_time.at_most(0ns), 1U) << "it was ready";
}

TEST(MetricsObserver, CountsALongUseByItself) {
  const FakeServer server;
  Pool pool(server.connector());
  for (int i = 0; i < 3; ++i) static_cast<void>(pool.acquire());  // the next is not timed
  {
    const auto lease = pool.acquire();
    std::this_thread::sleep_for(90ms);
  }
  EXPECT_GE(pool.observer().metrics().use_time.quantile(1.0), 80ms);
}

TEST(MetricsObserver, TellsHowLongConnectionsLived) {
  FakeServer server;
  server.next_connects({refuse("down")});
  Pool pool(server.connector(), {.max_size = 2, .connect_backoff = {1ms, 1ms}});
  auto lease = pool.acquire();
  auto gone = pool.acquire();
  std::this_thread::sleep_for(20ms);
  lease.release();
  static_cast<void>(gone.detach());
  const PoolMetrics metrics = metrics_at_the_end_of(pool);
  EXPECT_EQ(metrics.connection_duration.count(), 1U) << "one failed, and one lives on outside of the pool";
  EXPECT_GE(metrics.connection_duration.quantile(1.0), 18ms);
}

TEST(MetricsObserver, CountsNoLeaseOfAConnectionThatIsFoundDead) {
  FakeServer server;
  Pool pool(server.connector(), {.max_size = 2});
  static_cast<void>(pool.acquire());  // rests in this thread's cache, or is idle
  server.kill_all();
  EXPECT_TRUE(pool.acquire());
  const PoolMetrics metrics = pool.observer().metrics();
  EXPECT_EQ(metrics.of(CloseReason::dead), 1U);
  EXPECT_EQ(metrics.wait_time.count(), 2U);
  EXPECT_EQ(pool.stats().acquired, 2U);
}

TEST(MetricsObserver, LeavesTheConnectorItsWordBeforeEachLease) {
  using Vetted = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Vetting, carpool::DefaultEviction,
                                         MetricsObserver>;
  Vetted pool({}, {.max_size = 1});
  for (int i = 0; i < 10; ++i) static_cast<void>(pool.acquire());
  const PoolMetrics metrics = pool.observer().metrics();
  EXPECT_GE(metrics.of(CloseReason::discarded), 3U);
  EXPECT_EQ(metrics.wait_time.count(), 10U);
  EXPECT_EQ(pool.stats().acquired, 10U);
}

TEST(MetricsObserver, CountsFailuresByClassAndClosesByReason) {
  FakeServer server;
  server.next_connects({refuse("down"), refuse("down")});
  Pool pool(server.connector(), {.max_size = 1, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}});
  std::error_code error;
  EXPECT_FALSE(pool.acquire(error));
  std::this_thread::sleep_for(5ms);
  {
    const auto lease = pool.acquire();
    EXPECT_THROW(static_cast<void>(pool.acquire_for(1ms)), carpool::AcquireTimeout);
  }
  pool.acquire().discard();
  const PoolMetrics metrics = metrics_at_the_end_of(pool);
  EXPECT_EQ(metrics.of(AcquireFailure::connect_error), 1U);
  EXPECT_EQ(metrics.of(AcquireFailure::timeout), 1U);
  EXPECT_EQ(metrics.of(ConnectFailureClass::network), 2U);
  EXPECT_EQ(metrics.of(CloseReason::connect_failed), 2U);
  EXPECT_EQ(metrics.of(CloseReason::discarded), 1U);
}

TEST(MetricsObserver, KnowsTheClassOfAFailure) {
  const auto class_of = [](auto error) { return carpool::connect_failure_class(std::make_exception_ptr(error)); };
  EXPECT_EQ(class_of(carpool::AuthenticationError("no")), ConnectFailureClass::authentication);
  EXPECT_EQ(class_of(carpool::ConnectRefused("no")), ConnectFailureClass::refused);
  EXPECT_EQ(class_of(std::system_error(std::make_error_code(std::errc::timed_out))), ConnectFailureClass::timeout);
  EXPECT_EQ(class_of(std::system_error(std::make_error_code(std::errc::connection_refused))),
            ConnectFailureClass::network);
  EXPECT_EQ(class_of(42), ConnectFailureClass::other);
  EXPECT_EQ(carpool::connect_failure_class(nullptr), ConnectFailureClass::other);
}

}  // namespace

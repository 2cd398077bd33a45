// needs: asio
// A pool shared by coroutines of Boost.Asio's and threads: deadlines, cancellation, order, the end of pools and
// contexts.
#include <carpool/asio_acquire.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "io_backends.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;

template <class Backend>
class AsioAcquire : public testing::Test {
 public:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;
  using Lease = typename Pool::Lease;

 protected:
  /// Runs the coroutine until it ends.
  void run(asio::awaitable<void> work) {
    std::exception_ptr error;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr how) { error = how; });
    context.run();
    context.restart();
    if (error != nullptr) std::rethrow_exception(error);
  }

  carpool::FakeServer server;
  asio::io_context context;
};

TYPED_TEST_SUITE(AsioAcquire, IoBackends, BackendName);

template <class Pool>
asio::awaitable<void> times_out(Pool& pool) {
  auto held = co_await carpool::co_acquire(pool);
  EXPECT_TRUE(held);
  try {
    auto none = co_await carpool::async_acquire_for(pool, 30ms, asio::use_awaitable);
    ADD_FAILURE() << "there is no second connection";
  } catch (const carpool::AcquireTimeout& error) {
    EXPECT_EQ(error.holders().size(), 1U) << error.what();
  }
  const auto [code, none] = co_await carpool::async_acquire_code(
      pool, asio::experimental::as_tuple(asio::bind_executor(co_await asio::this_coro::executor, asio::use_awaitable)));
  EXPECT_EQ(code, carpool::make_error_code(carpool::PoolErrc::acquire_timeout));
  EXPECT_FALSE(none);
}
TYPED_TEST(AsioAcquire, EndsAtItsDeadline) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .acquire_timeout = 60ms});
  this->run(times_out(pool));
  EXPECT_EQ(pool.stats().waiting, 0U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

template <class Pool>
asio::awaitable<void> loses_against_a_timer(Pool& pool) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  auto held = co_await carpool::co_acquire(pool);
  asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
  const auto which =
      co_await (carpool::async_acquire(pool, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
  EXPECT_EQ(which.index(), 1U);
  EXPECT_EQ(pool.stats().waiting, 0U);
}
TYPED_TEST(AsioAcquire, IsCancelledByWhatItIsAwaitedWith) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  this->run(loses_against_a_timer(pool));
}

TYPED_TEST(AsioAcquire, IsCancelledByItsSlot) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto held = pool.acquire();
  asio::cancellation_signal signal;
  std::optional<boost::system::error_code> seen;
  carpool::async_acquire_code(
      pool, asio::bind_cancellation_slot(signal.slot(),
                                         asio::bind_executor(this->context, [&](boost::system::error_code code,
                                                                                typename TestFixture::Lease lease) {
                                           EXPECT_FALSE(lease);
                                           seen = code;
                                         })));
  EXPECT_EQ(pool.stats().waiting, 1U);
  signal.emit(asio::cancellation_type::total);
  EXPECT_FALSE(seen) << "within emit";
  this->context.run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// One wait queue for both kinds.
TYPED_TEST(AsioAcquire, KeepsTheOrderBesideThreads) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto held = pool.acquire();
  std::vector<int> served;
  std::vector<std::thread> threads;
  auto guard = asio::make_work_guard(this->context);
  std::thread runner([&] { this->context.run(); });
  for (int i = 0; i < 8; ++i) {
    const std::size_t before = pool.stats().waiting;
    if (i % 2 == 0) {
      threads.emplace_back([&, i] {
        auto lease = pool.acquire();
        served.push_back(i);
      });
    } else {
      asio::co_spawn(
          this->context,
          [](auto& from, std::vector<int>& all, int number) -> asio::awaitable<void> {
            auto lease = co_await carpool::co_acquire(from);
            all.push_back(number);
          }(pool, served, i),
          asio::detached);
    }
    ASSERT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting > before; }));
  }
  held.release();
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().in_use == 0 && pool.stats().waiting == 0; }));
  guard.reset();
  runner.join();
  EXPECT_EQ(served, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
}

TYPED_TEST(AsioAcquire, EndsWithItsPool) {
  using PoolType = typename TestFixture::Pool;
  auto pool = std::make_unique<PoolType>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
  auto held = pool->acquire();
  int closed = 0;
  const auto wait = [](PoolType& whose, int& count) -> asio::awaitable<void> {
    try {
      auto lease = co_await carpool::co_acquire(whose);
    } catch (const carpool::PoolClosed&) {
      ++count;
    }
  };
  for (int i = 0; i < 100; ++i) asio::co_spawn(this->context, wait(*pool, closed), asio::detached);
  this->context.poll();
  EXPECT_EQ(pool->stats().waiting, 100U);
  pool.reset();
  this->context.restart();
  this->context.run();
  EXPECT_EQ(closed, 100);
  EXPECT_TRUE(held);
}

// A context that is destroyed takes its waiters out of the wait queue; leases in its frames end.
TYPED_TEST(AsioAcquire, EndsWithItsContext) {
  using PoolType = typename TestFixture::Pool;
  PoolType pool(this->server.connector(), {.max_size = 1});
  const auto wait = [](PoolType& whose) -> asio::awaitable<void> { auto lease = co_await carpool::co_acquire(whose); };
  {
    auto held = pool.acquire();
    {
      asio::io_context gone;
      for (int i = 0; i < 10; ++i) asio::co_spawn(gone, wait(pool), asio::detached);
      gone.poll();
      EXPECT_EQ(pool.stats().waiting, 10U);
    }
    EXPECT_EQ(pool.stats().waiting, 0U);
  }
  {
    auto held = pool.acquire();
    asio::io_context gone;
    for (int i = 0; i < 10; ++i) asio::co_spawn(gone, wait(pool), asio::detached);
    gone.poll();
    held.release();  // the first has been posted when the context goes
  }
  EXPECT_EQ(pool.stats().waiting, 0U);
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_TRUE(pool.try_acquire());
}

TYPED_TEST(AsioAcquire, GivesAFuture) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  asio::thread_pool workers(1);
  auto lease = carpool::async_acquire(pool, asio::bind_executor(workers, asio::use_future));
  EXPECT_TRUE(lease.get());
}

template <class Pool>
asio::awaitable<void> use_often(Pool& pool, asio::thread_pool& workers, int number, std::atomic<int>& inside,
                                std::atomic<int>& done) {
  for (int n = 0; n < 100; ++n) {
    try {
      auto lease = co_await carpool::async_acquire_for(pool, number % 4 == 0 ? 200us : 10s, asio::use_awaitable);
      EXPECT_LE(++inside, 3);
      --inside;
      if (n % 8 == 0)
        asio::post(workers, [kept = std::make_shared<typename Pool::Lease>(std::move(lease))] { kept->release(); });
    } catch (const carpool::AcquireTimeout&) {
      EXPECT_EQ(number % 4, 0);
    }
    ++done;
  }
}
TYPED_TEST(AsioAcquire, IsSharedByStrandsAndThreads) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3});
  asio::thread_pool workers(2);
  std::atomic<int> inside = 0;
  std::atomic<int> done = 0;
  for (int i = 0; i < 200; ++i)
    asio::co_spawn(asio::make_strand(workers), use_often(pool, workers, i, inside, done), asio::detached);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2'000; ++n) {
        auto lease = pool.acquire();
        EXPECT_LE(++inside, 3);
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  workers.join();
  EXPECT_EQ(done, 200 * 100);
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_EQ(pool.stats().waiting, 0U);
}

}  // namespace

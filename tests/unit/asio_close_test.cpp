// needs: asio
// The end of a pool, awaited by coroutines of Boost.Asio's: deadlines, cancellation, the end of contexts.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_close.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "process.hpp"
#include "sanitizer.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;

template <class Backend>
class AsioClose : public testing::Test {
 public:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

  /// What a handler was told.
  struct Told {
    int times = 0;
    std::size_t left = 0;
    std::exception_ptr error;

    [[nodiscard]] bool aborted() const {
      try {
        if (error != nullptr) std::rethrow_exception(error);
      } catch (const boost::system::system_error& what) {
        return what.code() == asio::error::operation_aborted;
      }
      return false;
    }
  };

 protected:
  /// Runs the coroutine until it ends.
  void run(asio::awaitable<void> work) {
    std::exception_ptr error;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr how) { error = how; });
    context.run();
    context.restart();
    if (error != nullptr) std::rethrow_exception(error);
  }
  [[nodiscard]] auto told_by(asio::io_context& where, Told& told) {
    return asio::bind_executor(where, [&told](std::exception_ptr error, std::size_t left) {
      ++told.times;
      told.left = left;
      told.error = std::move(error);
    });
  }

  carpool::FakeServer server;
  asio::io_context context;
};

TYPED_TEST_SUITE(AsioClose, IoBackends, BackendName);

template <class Lease>
asio::awaitable<void> hold(Lease lease) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
  co_await timer.async_wait(asio::use_awaitable);
  lease.release();
}
template <class Pool>
asio::awaitable<void> drains_beside_a_holder(Pool& pool) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  auto lease = co_await carpool::co_acquire(pool);
  EXPECT_EQ(co_await carpool::async_drain(pool, 10ms, asio::use_awaitable), 1U) << "at its deadline";
  asio::co_spawn(co_await asio::this_coro::executor, hold(std::move(lease)), asio::detached);
  const auto ends = co_await (carpool::async_drain(pool, carpool::forever, asio::use_awaitable) &&
                              carpool::async_drain(pool, 1h, asio::use_awaitable));
  EXPECT_EQ(std::get<0>(ends) + std::get<1>(ends), 0U) << "two at a time";
  EXPECT_EQ(co_await carpool::async_close(pool, 1h, asio::use_awaitable), 0U);
  EXPECT_EQ(pool.stats().size(), 0U);
}
TYPED_TEST(AsioClose, DrainsUntilTheLastLeaseIsBack) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  this->run(drains_beside_a_holder(pool));
}

TYPED_TEST(AsioClose, ClosesUntilTheLastConnectionIsGone) {
  this->server.other_connects(carpool::fake::ok().slow_to_part(20ms));
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  pool.acquire().release();
  typename TestFixture::Told told;
  carpool::async_close(pool, carpool::forever, this->told_by(this->context, told));
  EXPECT_TRUE(pool.stats().closed);
  std::thread elsewhere([&] { lease.release(); });
  this->context.run();
  elsewhere.join();
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.left, 0U);
  EXPECT_EQ(told.error, nullptr);
  EXPECT_EQ(this->server.counts().open, 0);
}

TYPED_TEST(AsioClose, OfAnEmptyPoolCompletesByAPost) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  typename TestFixture::Told told;
  carpool::async_drain(pool, 1h, this->told_by(this->context, told));
  EXPECT_EQ(told.times, 0) << "within async_drain";
  this->context.run();
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.left, 0U);
}

TYPED_TEST(AsioClose, IsCancelledByItsSlot) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  typename TestFixture::Told told;
  asio::cancellation_signal signal;
  carpool::async_drain(pool, 1h, asio::bind_cancellation_slot(signal.slot(), this->told_by(this->context, told)));
  signal.emit(asio::cancellation_type::total);
  EXPECT_EQ(told.times, 0) << "within emit";
  this->context.run();
  EXPECT_EQ(told.times, 1);
  EXPECT_TRUE(told.aborted());
  EXPECT_TRUE(pool.stats().closed) << "that is not taken back";
}

TYPED_TEST(AsioClose, EndsWithItsPool) {
  auto pool =
      std::make_unique<typename TestFixture::Pool>(this->server.connector(), carpool::PoolOptions{.max_size = 2});
  auto lease = pool->acquire();
  typename TestFixture::Told told;
  carpool::async_close(*pool, 1h, this->told_by(this->context, told));
  pool.reset();
  this->context.run();
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.left, 1U);
}

// The context's service takes them out; what had been posted is destroyed with it.
TYPED_TEST(AsioClose, EndsWithItsContext) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  typename TestFixture::Told told;
  const auto alive = std::make_shared<int>();
  {
    asio::io_context gone;
    for (int i = 0; i < 10; ++i)
      carpool::async_drain(
          pool, 1h, asio::bind_executor(gone, [alive, &told](std::exception_ptr, std::size_t) { ++told.times; }));
    EXPECT_EQ(alive.use_count(), 11);
  }
  EXPECT_EQ(alive.use_count(), 1) << "the handlers are destroyed";
  {
    asio::io_context gone;
    carpool::async_drain(pool, 1h, this->told_by(gone, told));
    lease.release();
  }
  EXPECT_EQ(told.times, 0);
}

TYPED_TEST(AsioClose, GivesAFuture) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  asio::thread_pool workers(1);
  pool.acquire().release();
  EXPECT_EQ(carpool::async_close(pool, 1h, asio::bind_executor(workers, asio::use_future)).get(), 0U);
}

// Contexts are destroyed while leases come back on other threads.
TYPED_TEST(AsioClose, RacesWithTheEndOfItsContext) {
  for (int i = 0; i < 200; ++i) {
    typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
    auto lease = pool.acquire();
    typename TestFixture::Told told;
    std::thread elsewhere;
    {
      asio::io_context gone;
      for (int n = 0; n < 4; ++n) carpool::async_drain(pool, 1h, this->told_by(gone, told));
      elsewhere = std::thread([&] { lease.release(); });
      if (i % 2 == 0) gone.poll();
    }
    elsewhere.join();
    EXPECT_LE(told.times, 4);
  }
}

// A child completes nothing that its parent began, and may destroy it.
TYPED_TEST(AsioClose, IsDestroyedInAForkedChild) {
  if (CARPOOL_THREAD_SANITIZER) GTEST_SKIP() << "ThreadSanitizer forbids a forked child new threads";
  using PoolType = typename TestFixture::Pool;
  PoolType pool(this->server.connector(), {.max_size = 1});
  PoolType ending(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  auto last = ending.acquire();
  auto own = std::make_unique<asio::io_context>();
  int served = 0;
  const auto waits = [](PoolType& whose, int& count) -> asio::awaitable<void> {
    auto held = co_await carpool::co_acquire(whose);
    ++count;
  };
  asio::co_spawn(*own, waits(pool, served), asio::detached);
  typename TestFixture::Told told;
  carpool::async_drain(ending, 1h, this->told_by(*own, told));
  own->poll();
  ASSERT_EQ(pool.stats().waiting, 1U);
  const int how = run_in_forked_child([&] {
    ::alarm(20);
    own->notify_fork(asio::execution_context::fork_child);
    lease.release();
    last.release();
    own->poll();
    own.reset();
    return served == 0 && told.times == 0 && pool.acquire() ? 0 : 1;
  });
  EXPECT_EQ(how, 0);
  lease.release();
  last.release();
  own->run();
  EXPECT_EQ(served, 1);
  EXPECT_EQ(told.times, 1);
}

}  // namespace

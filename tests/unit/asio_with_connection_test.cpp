// needs: asio
// A connection for the time of a function or coroutine: results, exceptions, cancellation, the end of frames and pools.
#include <carpool/asio_with_connection.hpp>
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
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "asio_sleep.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;

[[nodiscard]] bool is_aborted(const std::exception_ptr& error) {
  try {
    if (error != nullptr) std::rethrow_exception(error);
  } catch (const boost::system::system_error& what) {
    return what.code() == asio::error::operation_aborted;
  }
  return false;
}

template <class Backend>
class AsioWithConnection : public testing::Test {
 public:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;
  using Connection = typename Pool::Connection;

 protected:
  /// Runs the coroutine until it ends.
  void run(asio::awaitable<void> work) {
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr how) { thrown = how; });
    context.run();
    context.restart();
    if (thrown != nullptr) std::rethrow_exception(thrown);
  }
  /// In this context, with what a handler of `use` is told. Not run yet.
  template <class Use>
  void begin(Pool& pool, Use use) {
    carpool::async_with_connection(
        pool, std::move(use),
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, [this](std::exception_ptr how) {
                                       ++told;
                                       error = how;
                                     })));
  }

  carpool::FakeServer server;
  asio::io_context context;
  asio::cancellation_signal signal;
  int told = 0;
  std::exception_ptr error;
};

TYPED_TEST_SUITE(AsioWithConnection, IoBackends, BackendName);

template <class Pool>
asio::awaitable<void> gets_results(Pool& pool) {
  using Connection = typename Pool::Connection;
  const auto out = [&pool] { return pool.stats().in_use; };
  EXPECT_EQ(co_await carpool::async_with_connection(pool, [&](Connection&) { return out(); }, asio::use_awaitable), 1U);
  EXPECT_EQ(out(), 0U) << "the lease has ended before";
  co_await carpool::async_with_connection(pool, [](Connection& connection) { connection.use(); }, asio::use_awaitable);
  const auto moved = [&](Connection&) -> asio::awaitable<std::unique_ptr<int>> {
    co_await asio_sleep(1ms);
    EXPECT_EQ(out(), 1U) << "all the time";
    co_return std::make_unique<int>(7);
  };
  const auto seven = co_await carpool::async_with_connection(pool, moved, asio::use_awaitable);
  EXPECT_EQ(*seven, 7);
  EXPECT_EQ(out(), 0U);
  bool ran = false;
  const auto nothing = [&](Connection&) -> asio::awaitable<void> { co_return void(ran = true); };
  co_await carpool::async_with_connection(pool, nothing, asio::use_awaitable);
  EXPECT_TRUE(ran);
}
TYPED_TEST(AsioWithConnection, GivesWhatTheFunctionOrCoroutineGives) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  this->run(gets_results(pool));
  EXPECT_EQ(this->server.counts().opened, 1);
}

TYPED_TEST(AsioWithConnection, TakesAMoveOnlyFunction) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  asio::thread_pool workers(1);
  auto text = carpool::async_with_connection(
      pool, [word = std::make_unique<std::string>("moved in")](typename TestFixture::Connection&) { return *word; },
      asio::bind_executor(workers, asio::use_future));
  EXPECT_EQ(text.get(), "moved in");
}

TYPED_TEST(AsioWithConnection, TakesATarget) {
  using TargetPool = carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::FakeTargetConnector>;
  TargetPool pool(this->server.target_connector(), {.max_size = 1});
  asio::thread_pool workers(1);
  auto target = carpool::async_with_connection(
      pool, "there", [](typename TargetPool::Connection& connection) { return std::string(connection.target()); },
      asio::bind_executor(workers, asio::use_future));
  EXPECT_EQ(target.get(), "there");
}

// The connector's handle_exception decides, for both kinds.
TYPED_TEST(AsioWithConnection, AsksTheConnectorOfAnException) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  const auto throws = [](typename TestFixture::Connection&) { throw std::logic_error("plain"); };
  const auto throws_later = [](typename TestFixture::Connection&) -> asio::awaitable<void> {
    co_await asio_sleep(1ms);
    throw std::logic_error("later");
  };
  for (const auto verdict : {carpool::Verdict::keep, carpool::Verdict::close}) {
    this->server.judge_exceptions(verdict);
    for (int i = 0; i < 2; ++i) {
      pool.acquire().release();
      const auto opened = this->server.counts().opened;
      i == 0 ? this->begin(pool, throws) : this->begin(pool, throws_later);
      this->context.run();
      this->context.restart();
      EXPECT_THROW(std::rethrow_exception(this->error), std::logic_error);
      EXPECT_EQ(pool.stats().in_use, 0U);
      pool.acquire().release();
      EXPECT_EQ(this->server.counts().opened - opened, verdict == carpool::Verdict::close ? 1U : 0U) << i;
    }
  }
  EXPECT_EQ(this->told, 4);
}

TYPED_TEST(AsioWithConnection, IsCancelledWhileItWaits) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto held = pool.acquire();
  bool ran = false;
  this->begin(pool, [&](typename TestFixture::Connection&) { ran = true; });
  EXPECT_EQ(pool.stats().waiting, 1U);
  this->signal.emit(asio::cancellation_type::total);
  this->context.run();
  EXPECT_EQ(this->told, 1);
  EXPECT_TRUE(is_aborted(this->error));
  EXPECT_FALSE(ran);
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// The connection was granted before, and its lease is on the way to the handler.
TYPED_TEST(AsioWithConnection, IsCancelledWhenTheLeaseIsOnItsWay) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto held = pool.acquire();
  bool ran = false;
  this->begin(pool, [&](typename TestFixture::Connection&) -> asio::awaitable<void> { co_return void(ran = true); });
  held.release();
  this->signal.emit(asio::cancellation_type::partial);
  this->context.run();
  EXPECT_TRUE(is_aborted(this->error));
  EXPECT_FALSE(ran);
  EXPECT_EQ(pool.stats().in_use, 0U);
  pool.acquire().release();
  this->begin(pool, [&](typename TestFixture::Connection&) { ran = true; });  // it is there at once
  this->signal.emit(asio::cancellation_type::total);
  this->context.restart();
  this->context.run();
  EXPECT_TRUE(is_aborted(this->error));
  EXPECT_FALSE(ran);
  EXPECT_EQ(this->told, 2);
  EXPECT_EQ(this->server.counts().opened, 1) << "nothing was done with it";
}

template <class Pool>
asio::awaitable<void> loses_against_a_timer(Pool& pool, bool& cancelled) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  const auto use = [&](typename Pool::Connection& connection) -> asio::awaitable<void> {
    connection.leave_a_reply_unread();  // as between a request and its answer
    try {
      co_await asio_sleep(1h);
    } catch (const boost::system::system_error& error) {
      cancelled = error.code() == asio::error::operation_aborted;
      throw;
    }
  };
  const auto which = co_await (carpool::async_with_connection(pool, use, asio::use_awaitable) || asio_sleep(10ms));
  EXPECT_EQ(which.index(), 1U);
}
TYPED_TEST(AsioWithConnection, IsCancelledInsideItsCoroutine) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  bool cancelled = false;
  this->run(loses_against_a_timer(pool, cancelled));
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; })) << "a torn connection is closed";
}

TYPED_TEST(AsioWithConnection, IsCancelledInsideByEveryType) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  this->server.judge_exceptions(carpool::Verdict::keep);
  for (const auto type :
       {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
    this->begin(pool, [](typename TestFixture::Connection&) { return asio_sleep(1h); });
    asio::steady_timer timer(this->context, 5ms);
    timer.async_wait([&](boost::system::error_code) { this->signal.emit(type); });
    this->context.run();
    this->context.restart();
    EXPECT_TRUE(is_aborted(std::exchange(this->error, nullptr)));
  }
  EXPECT_EQ(this->told, 3);
  EXPECT_EQ(this->server.counts().opened, 1);
}

// Its context goes: no exception is in flight, and only the connection's state tells whether it is torn.
TYPED_TEST(AsioWithConnection, ItsFrameIsDestroyedInsideIt) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  for (const bool torn : {false, true}) {
    {
      asio::io_context gone;
      bool inside = false;
      const auto use = [&](typename TestFixture::Connection& connection) -> asio::awaitable<void> {
        if (torn) connection.leave_a_reply_unread();
        inside = true;
        co_await asio_sleep(1h);
      };
      carpool::async_with_connection(pool, use, asio::bind_executor(gone, [&](std::exception_ptr) { ++this->told; }));
      while (!inside) gone.run_one();
      EXPECT_EQ(pool.stats().in_use, 1U);
    }
    EXPECT_EQ(pool.stats().in_use, 0U);
    pool.acquire().release();
  }
  EXPECT_EQ(this->server.counts().opened, 2) << "the torn one was closed, and the other kept";
  EXPECT_EQ(this->told, 0);
}

TYPED_TEST(AsioWithConnection, ItsContextIsDestroyedWhileItWaits) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto held = pool.acquire();
  const auto alive = std::make_shared<int>();
  {
    asio::io_context gone;
    for (int i = 0; i < 3; ++i)
      carpool::async_with_connection(
          pool, [alive](typename TestFixture::Connection&) { return *alive; },
          asio::bind_executor(gone, [alive](std::exception_ptr, int) {}));
    EXPECT_EQ(pool.stats().waiting, 3U);
    EXPECT_EQ(alive.use_count(), 7);
  }
  EXPECT_EQ(pool.stats().waiting, 0U);
  EXPECT_EQ(alive.use_count(), 1);
}

TYPED_TEST(AsioWithConnection, EndsWithItsPool) {
  auto pool =
      std::make_unique<typename TestFixture::Pool>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
  auto held = pool->acquire();
  bool ran = false;
  this->begin(*pool, [&](typename TestFixture::Connection&) { ran = true; });
  pool->close();
  this->context.run();
  EXPECT_THROW(std::rethrow_exception(this->error), carpool::PoolClosed);
  EXPECT_FALSE(ran);
  held.release();
  pool = std::make_unique<typename TestFixture::Pool>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
  bool inside = false;
  this->begin(*pool, [&](typename TestFixture::Connection&) -> asio::awaitable<void> {
    inside = true;
    co_await asio_sleep(5ms);
  });
  this->context.restart();
  while (!inside) this->context.run_one();
  pool.reset();  // the lease outlives it
  this->context.run();
  EXPECT_EQ(this->error, nullptr);
  EXPECT_EQ(this->told, 2);
  EXPECT_EQ(this->server.counts().open, 0);
}

TYPED_TEST(AsioWithConnection, IsSharedByStrands) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3});
  asio::thread_pool workers(2);
  std::atomic<int> inside = 0;
  std::atomic<int> done = 0;
  const auto use = [&](typename TestFixture::Connection&) -> asio::awaitable<int> {
    EXPECT_LE(++inside, 3);
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return --inside;
  };
  for (int i = 0; i < 500; ++i)
    carpool::async_with_connection(pool, use,
                                   asio::bind_executor(asio::make_strand(workers), [&](std::exception_ptr how, int) {
                                     EXPECT_EQ(how, nullptr);
                                     ++done;
                                   }));
  workers.join();
  EXPECT_EQ(done, 500);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

}  // namespace

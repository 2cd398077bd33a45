// needs: asio asio_fibers fiber_backend tcp_connector
// sanitizers: not thread
// Fibers as guests of an io_context's thread: connectors that wait as fibers, awaited by coroutines.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_fibers.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include "loopback_server.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::TcpConnector>;

/// On a thread of its own, which has no fibers before and after.
template <class Work>
void on_a_thread(Work work) {
  std::thread([&] { work(); }).join();
}

TEST(AsioFibers, GiveWhatTheCallReturnsOrThrows) {
  on_a_thread([] {
    asio::io_context context;
    carpool::AsioFibers fibers(context);
    bool over = false;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          EXPECT_EQ(co_await fibers.run([] { return 7; }, asio::use_awaitable), 7);
          co_await fibers.run([] { Backend::sleep_until(Backend::now() + 10ms); }, asio::use_awaitable);
          try {
            co_await fibers.run([] { throw std::runtime_error("no"); }, asio::use_awaitable);
            ADD_FAILURE() << "it throws";
          } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "no");
          }
          over = true;
        },
        asio::detached);
    context.run();  // returns, because nothing is left
    EXPECT_TRUE(over);
  });
}

// Timers of both worlds go on beside each other.
TEST(AsioFibers, TakeTurnsWithHandlers) {
  on_a_thread([] {
    asio::io_context context;
    carpool::AsioFibers fibers(context);
    int ticks = 0;
    bool sleeping = true;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          asio::steady_timer timer(context);
          while (sleeping) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
            ++ticks;
          }
        },
        asio::detached);
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          co_await fibers.run([] { Backend::sleep_until(Backend::now() + 100ms); }, asio::use_awaitable);
          sleeping = false;
        },
        asio::detached);
    context.run();
    EXPECT_GE(ticks, 5);
  });
}

// A fiber that another thread wakes.
TEST(AsioFibers, AreWokenByOtherThreads) {
  on_a_thread([] {
    asio::io_context context;
    carpool::AsioFibers fibers(context);
    Backend::ParkingSlot slot;
    std::thread waker;
    bool woken = false;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          woken = co_await fibers.run(
              [&] {
                waker = std::thread([&] {
                  std::this_thread::sleep_for(20ms);
                  [[maybe_unused]] const auto wakeup = slot.unpark();
                });
                return slot.park_until(Backend::now() + 10s);
              },
              asio::use_awaitable);
        },
        asio::detached);
    context.run();
    waker.join();
    EXPECT_TRUE(woken);
  });
}

asio::awaitable<void> exchange(Pool& pool, carpool::AsioFibers& fibers, int& done) {
  for (int i = 0; i < 20; ++i) {
    auto lease = co_await carpool::co_acquire(pool);
    const std::string sent = "line " + std::to_string(i) + "\n";
    const auto answer = co_await fibers.run(
        [&] {
          lease->write_all(sent);
          return lease->read_exactly(sent.size());
        },
        asio::use_awaitable);
    EXPECT_EQ(std::string(answer.begin(), answer.end()), sent);
  }
  ++done;
}
TEST(AsioFibers, UseAConnectorFromManyCoroutines) {
  LoopbackServer server;
  on_a_thread([&] {
    asio::io_context context;
    carpool::AsioFibers fibers(context);
    Pool pool({.host = "127.0.0.1", .port = server.port()}, {.max_size = 4});
    int done = 0;
    for (int i = 0; i < 50; ++i) asio::co_spawn(context, exchange(pool, fibers, done), asio::detached);
    context.run();
    EXPECT_EQ(done, 50);
    EXPECT_EQ(pool.stats().in_use, 0U);
    EXPECT_LE(pool.stats().created, 4U);
  });
}

// A deadline of the connector's own passes through.
TEST(AsioFibers, LetAConnectFail) {
  on_a_thread([&] {
    asio::io_context context;
    carpool::AsioFibers fibers(context);
    bool refused = false;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          Pool pool({.host = "127.0.0.1", .port = 1}, {.max_size = 1, .connect_attempts = 1});
          try {
            auto lease = co_await carpool::co_acquire(pool);
          } catch (const carpool::ConnectError&) {
            refused = true;
          }
        },
        asio::detached);
    context.run();
    EXPECT_TRUE(refused);
  });
}

}  // namespace

// needs: asio asio_fibers fiber_backend tcp_connector redis_connector
// sanitizers: not thread
// A coroutine's frame that is destroyed while it has a lease. No exception is in flight: the connection's state alone
// says whether it may be pooled (law 10).
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_fibers.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/tcp_connector.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "loopback_server.hpp"
#include "mysql_fake_server.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using Backend = carpool::FiberBackend;

/// A wait without an end, and the context that it ends with: the frame that waits is destroyed then.
struct Never {
  asio::io_context context;
  asio::steady_timer timer{context, 1h};
};

/// Uses the connection, swallows what that throws, and then waits without an end.
template <class Pool, class Use>
asio::awaitable<void> visit(Pool& pool, carpool::AsioFibers& fibers, Never& never, Use use, bool& waits) {
  auto lease = co_await carpool::co_acquire(pool);
  try {
    co_await fibers.run([&] { use(*lease); }, asio::use_awaitable);
  } catch (const std::exception&) {
    EXPECT_FALSE(lease->reusable());
  }
  waits = true;
  co_await never.timer.async_wait(asio::use_awaitable);
  ADD_FAILURE() << "the frame is gone";
}

/// How many connections are pooled after a frame has used one and was destroyed.
template <class Connector, class Use>
std::size_t pooled_after(Connector connector, Use use) {
  std::size_t pooled = 2;
  std::thread([&] {
    asio::io_context context;
    const auto guard = asio::make_work_guard(context);
    carpool::AsioFibers fibers(context);
    carpool::ConnectionPool<Backend, carpool::LifoStack, Connector> pool(std::move(connector), {.max_size = 1});
    auto never = std::make_unique<Never>();
    bool waits = false;
    asio::co_spawn(context, visit(pool, fibers, *never, use, waits), asio::detached);
    while (!waits) context.run_one();
    context.poll();
    EXPECT_EQ(pool.stats().in_use, 1U);
    never.reset();
    while (pool.stats().in_use > 0) context.run_for(1ms);
    EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().size() == pool.stats().idle; }));
    pooled = pool.stats().idle;
  }).join();
  return pooled;
}

TEST(AsioFrames, LeaveATcpConnectionWhereItIsWhole) {
  LoopbackServer server;
  const carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
  const auto exchange = [](auto& connection) {
    connection.write_all("hello\n");
    EXPECT_EQ(connection.read_until("\n"), "hello");
  };
  EXPECT_EQ(pooled_after(connector, exchange), 1U);
}

TEST(AsioFrames, CloseATcpConnectionThatOwesAnAnswer) {
  LoopbackServer server;
  server.reply_with({.silent = true});
  const carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
  EXPECT_EQ(pooled_after(connector, [](auto& connection) { connection.write_all("hello\n"); }), 0U);
}

TEST(AsioFrames, CloseATcpConnectionWhoseReadFailed) {
  LoopbackServer server;
  const carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
  const auto late = [](auto& connection) { (void)connection.read_exactly(1, Backend::now() + 10ms); };
  EXPECT_EQ(pooled_after(connector, late), 0U);
}

// A server that says these words to whatever it is asked.
std::size_t pooled_after_redis_says(const std::string& words) {
  const MysqlFakeServer server({.greeting = "", .after_login = "+PONG\r\n", .answer = words});  // any protocol's words
  const carpool::RedisConnector connector{.host = "127.0.0.1", .port = server.port(), .io_timeout = 100ms};
  return pooled_after(connector, [](auto& connection) { connection.incr("visits"); });
}

TEST(AsioFrames, LeaveARedisConnectionThatHasAnswered) {
  EXPECT_EQ(pooled_after_redis_says(":1\r\n"), 1U);
  EXPECT_EQ(pooled_after_redis_says(":1\r\n:2\r\n"), 0U) << "a word too many";
}

TEST(AsioFrames, CloseARedisConnectionThatOwesAnAnswer) {
  EXPECT_EQ(pooled_after_redis_says(""), 0U);
  EXPECT_EQ(pooled_after_redis_says("$100\r\nabc"), 0U);
}

}  // namespace

// needs: asio thread_backend
// sanitizers: not thread
/// Ten thousand coroutines of one thread on sixteen connections that live on the same executor.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_stream.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>

#include <gtest/gtest.h>

#include "loopback_server.hpp"
#include "stress.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using Connector = carpool::AsioConnector<carpool::AsioTcp>;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

constexpr std::uint64_t coroutines = 10'000;
constexpr std::size_t connections = 16;

/// What all coroutines did together. They run on one thread.
struct Sums {
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;  ///< with what was asked
  std::uint64_t failed = 0;    ///< ended by an exception
};

/// Asks until all have asked so often.
asio::awaitable<void> ask(Pool& pool, std::uint64_t exchanges, Sums& sums) {
  while (sums.asked < exchanges) {
    const std::string line = std::to_string(++sums.asked);
    auto lease = co_await carpool::co_acquire(pool);
    co_await lease->write_all(asio::buffer(line + '\n'));
    if (co_await lease->read_until("\n") == line) ++sums.answered;
  }
}

TEST(AsioCrowd, IsAnsweredByAHandfulOfConnections) {
  LoopbackServer server;
  asio::io_context context(1);
  Pool pool(Connector(context.get_executor(), {.host = "127.0.0.1", .port = server.port()}),
            {.max_size = connections, .acquire_timeout = 5min});
  Sums sums;
  const std::uint64_t exchanges = stress_cycles(50'000);
  for (std::uint64_t i = 0; i < coroutines; ++i) {
    asio::co_spawn(context, ask(pool, exchanges, sums),
                   [&](std::exception_ptr error) { sums.failed += error ? 1 : 0; });
  }
  context.run();
  EXPECT_EQ(sums.failed, 0U);
  EXPECT_EQ(sums.answered, sums.asked);
  EXPECT_GE(sums.asked, exchanges);
  EXPECT_LE(server.accepted(), connections);
  EXPECT_EQ(pool.stats().timeouts, 0U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

}  // namespace

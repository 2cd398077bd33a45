// sanitizers: none
/// The embedded server of carpool-compare: echoes, counts, dies and comes back on the same port.
#include "../../tools/compare/echo_server.hpp"

#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace carpool::compare {
namespace {

using namespace std::chrono_literals;
using Connection = StreamConnection<ThreadBackend>;

TimePoint soon() { return after(ThreadBackend::now(), 5s); }

Connection dial(const EchoServer& server) {
  return TcpConnector{.host = "127.0.0.1", .port = server.port()}.connect<ThreadBackend>(soon());
}

std::string echoed(Connection& connection, const std::string& text) {
  connection.write_all(text, soon());
  return connection.read_exactly(text.size(), soon());
}

/// The server's thread notices a close a moment later.
bool becomes_open(const EchoServer& server, std::uint64_t wanted) {
  for (const TimePoint end = soon(); server.open() != wanted && ThreadBackend::now() < end;) std::this_thread::yield();
  return server.open() == wanted;
}

TEST(CompareEchoServer, SendsBackWhatItGets) {
  EchoServer server;
  auto connection = dial(server);
  EXPECT_EQ(echoed(connection, "hello"), "hello");
  EXPECT_EQ(echoed(connection, "again"), "again");
}

TEST(CompareEchoServer, EchoesMoreThanTheKernelsBuffersHold) {
  EchoServer server;
  auto connection = dial(server);
  const std::string large(32U << 20U, 'x');
  std::thread writer([&large, socket = connection.native_handle()] {
    std::size_t sent = 0;
    while (sent < large.size()) {
      const ssize_t more = ::send(socket, &large[sent], large.size() - sent, MSG_NOSIGNAL);
      if (more > 0) sent += static_cast<std::size_t>(more);
      pollfd room{socket, POLLOUT, 0};
      if (more < 0 && (errno != EAGAIN || ::poll(&room, 1, 10'000) != 1)) return;
    }
  });
  std::size_t got = 0;
  std::vector<std::byte> part(1U << 20U);
  while (got < large.size()) {
    const auto more = connection.read_some(part, soon());
    ASSERT_GT(more, 0U);
    got += more;
  }
  writer.join();
  EXPECT_EQ(got, large.size());
}

TEST(CompareEchoServer, KeepsClientsApart) {
  EchoServer server;
  auto first = dial(server), second = dial(server);
  first.write_all("one", soon());
  second.write_all("two", soon());
  EXPECT_EQ(second.read_exactly(3, soon()), "two");
  EXPECT_EQ(first.read_exactly(3, soon()), "one");
}

TEST(CompareEchoServer, CountsAcceptedOpenAndPeak) {
  EchoServer server;
  {
    auto first = dial(server), second = dial(server);
    EXPECT_TRUE(becomes_open(server, 2));
  }
  EXPECT_TRUE(becomes_open(server, 0));
  auto third = dial(server);
  EXPECT_TRUE(becomes_open(server, 1));
  EXPECT_EQ(server.accepted(), 3U);
  EXPECT_EQ(server.take_peak(), 2U);
  EXPECT_EQ(server.take_peak(), 1U) << "the peak since the last call begins with those open";
}

TEST(CompareEchoServer, AClientThatClosesBeforeItOpensIsNeverCountedTwice) {
  EchoServer server;
  std::optional<Connection> connection;
  for (int i = 0; i < 2000; ++i) {
    connection.reset();
    connection.emplace(dial(server));
  }
  EXPECT_EQ(echoed(*connection, "done"), "done");
  const auto peak = server.take_peak();  // none where each client was gone, or answered, before the server counted
  EXPECT_EQ(std::max(peak, server.take_peak()), 1U);
}

TEST(CompareEchoServer, AStopResetsItsClientsAndRefusesNewOnes) {
  EchoServer server;
  auto connection = dial(server);
  ASSERT_EQ(echoed(connection, "x"), "x");
  server.stop();
  EXPECT_FALSE(connection.is_connected());
  EXPECT_THROW(echoed(connection, "x"), std::system_error);
  EXPECT_THROW(dial(server), std::system_error);
  EXPECT_EQ(server.open(), 0U);
}

TEST(CompareEchoServer, ComesBackOnTheSamePortAsOftenAsItDies) {
  EchoServer server;
  const auto port = server.port();
  for (int i = 0; i < 20; ++i) {
    auto connection = dial(server);
    ASSERT_EQ(echoed(connection, "x"), "x");
    server.stop();
    server.start();
  }
  EXPECT_EQ(server.port(), port);
  auto connection = dial(server);
  EXPECT_EQ(echoed(connection, "back"), "back");
}

TEST(CompareEchoServer, StoppingAndStartingTwiceChangesNothing) {
  EchoServer server;
  server.start();
  server.stop();
  server.stop();
  server.start();
  auto connection = dial(server);
  EXPECT_EQ(echoed(connection, "x"), "x");
}

TEST(CompareEchoServer, ItsProcessorTimeGrowsAndOutlivesItsThread) {
  EchoServer server;
  auto connection = dial(server);
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(echoed(connection, "x"), "x");
  const double live = server.cpu_seconds();
  EXPECT_GT(live, 0);
  server.stop();
  EXPECT_GE(server.cpu_seconds(), live);
}

}  // namespace
}  // namespace carpool::compare

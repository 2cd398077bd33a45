/// Connecting: every address of a host gets its turn within one deadline, and an error says what was tried.
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io_backends.hpp"
#include "process.hpp"
#include "scripted_resolver.hpp"
#include "stream_fixture.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class TcpConnect : public StreamFixture<Backend> {
 protected:
  using Stream = typename StreamFixture<Backend>::Stream;

  TcpConnect() { refusing_.stop(); }
  ~TcpConnect() override { scripted_names().clear(); }

  Stream connect_to(const std::string& host, carpool::Duration time) const {
    return carpool::TcpConnector{.host = host, .port = this->server_.port()}.template connect<Backend>(this->in(time));
  }

  /// Listens, and its backlog is full: who connects now hears nothing. Returns the port.
  int black_hole() {
    hole_.be_deaf();
    const carpool::TcpConnector to_hole{.host = "127.0.0.1", .port = hole_.port()};
    const auto fill = [&] { in_backlog_.push_back(to_hole.template connect<Backend>(this->in(milliseconds(100)))); };
    while (!this->throws(fill)) {
    }
    return hole_.port();
  }

  template <class Work>
  static bool throws(Work work) {
    try {
      work();
    } catch (const std::system_error&) {
      return true;
    }
    return false;
  }

  static int option(const Stream& stream, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(stream.native_handle(), level, name, &value, &size);
    return value;
  }

  LoopbackServer refusing_;
  LoopbackServer hole_;
  std::vector<Stream> in_backlog_;
};
TYPED_TEST_SUITE(TcpConnect, IoBackends, BackendName);

TYPED_TEST(TcpConnect, ARefusedConnectSaysSoAtOnceAndNamesTheAddress) {
  const carpool::TcpConnector refused{.host = "127.0.0.1", .port = this->refusing_.port()};
  const carpool::TimePoint start = TypeParam::now();
  const auto error =
      thrown_by<std::system_error>([&] { (void)refused.template connect<TypeParam>(this->soon_enough()); });
  EXPECT_LT(TypeParam::now(), start + seconds(1));
  EXPECT_EQ(error.code(), std::errc::connection_refused);
  const std::string address = "127.0.0.1:" + std::to_string(this->refusing_.port());
  EXPECT_EQ(std::string(error.what()), "connect to " + address + ": Connection refused");
}

TYPED_TEST(TcpConnect, AServerThatNeverAcceptsEndsTheConnectAtItsDeadline) {
  const int port = this->black_hole();
  const carpool::TcpConnector lost{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port)};
  const carpool::TimePoint deadline = this->in(milliseconds(200));
  const auto error = thrown_by<std::system_error>([&] { (void)lost.template connect<TypeParam>(deadline); });
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + seconds(1));
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_EQ(std::string(error.what()), "connect to 127.0.0.1:" + std::to_string(port) + ": Connection timed out");
}

TYPED_TEST(TcpConnect, ADeadFirstAddressIsPassedOver) {
  script_name("two.test", {.addresses = {{"::1", this->refusing_.port()}, {"127.0.0.1", 0}}});
  auto stream = this->connect_to("two.test", seconds(10));
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  EXPECT_EQ(stream.peer(), "127.0.0.1:" + std::to_string(this->server_.port()));
}

TYPED_TEST(TcpConnect, AnAddressThatNeverAnswersLeavesTheOthersTheirShareOfTheTime) {
  script_name("three.test",
              {.addresses = {{"127.0.0.1", this->black_hole()}, {"127.0.0.1", this->hole_.port()}, {"127.0.0.1", 0}}});
  const carpool::TimePoint start = TypeParam::now();
  auto stream = this->connect_to("three.test", milliseconds(900));
  EXPECT_GE(TypeParam::now(), start + milliseconds(590)) << "each hole was given its third";
  EXPECT_LT(TypeParam::now(), start + milliseconds(900));
  EXPECT_EQ(this->exchange(stream, "a"), "a");
}

TYPED_TEST(TcpConnect, WhereEveryAddressFailsAllAreNamedWithTheirCauses) {
  const std::string refused = std::to_string(this->refusing_.port());
  const std::string lost = std::to_string(this->black_hole());
  script_name("dead.test", {.addresses = {{"::1", this->refusing_.port()}, {"127.0.0.1", this->hole_.port()}}});
  const carpool::TcpConnector dead{.host = "dead.test", .port = 7};
  const auto error =
      thrown_by<std::system_error>([&] { (void)dead.template connect<TypeParam>(this->in(milliseconds(100))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << "the last error is the code";
  EXPECT_EQ(std::string(error.what()), "connect to dead.test:7 (connect to [::1]:" + refused +
                                           ": Connection refused; connect to 127.0.0.1:" + lost +
                                           ": Connection timed out): Connection timed out");
}

TYPED_TEST(TcpConnect, AHundredAddressesAreNotTriedBeyondTheDeadline) {
  const int hole = this->black_hole();
  script_name("many.test", {.addresses = std::vector<std::pair<std::string, int>>(100, {"127.0.0.1", hole})});
  const carpool::TimePoint deadline = this->in(milliseconds(200));
  const carpool::TcpConnector many{.host = "many.test", .port = 7};
  (void)thrown_by<std::system_error>([&] { (void)many.template connect<TypeParam>(deadline); });
  EXPECT_LT(TypeParam::now(), deadline + seconds(1));
}

TYPED_TEST(TcpConnect, AnUnknownNameIsAnErrorThatNamesIt) {
  script_name("unknown.test", {.error = EAI_NONAME});
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to("unknown.test", seconds(10)); });
  EXPECT_EQ(std::string(error.what()), "resolve unknown.test: Name or service not known");
  EXPECT_STREQ(error.code().category().name(), "resolver");
}

TYPED_TEST(TcpConnect, AResolverThatIsDownForAWhileIsATemporaryError) {
  script_name("later.test", {.error = EAI_AGAIN});
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to("later.test", seconds(10)); });
  EXPECT_EQ(error.code(), std::errc::resource_unavailable_try_again);
}

TYPED_TEST(TcpConnect, ANameThatIsResolvedTooLateIsATimeout) {
  script_name("slow.test", {.addresses = {{"127.0.0.1", 0}}, .delay = milliseconds(60)});
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to("slow.test", milliseconds(20)); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_EQ(this->server_.accepted(), 0U);
}

TYPED_TEST(TcpConnect, AResolverThatDoesNotAnswerIsLeftToItselfAtTheDeadline) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "who has no helpers waits for the resolver";
  script_name("dead.test", {.delay = seconds(20), .error = EAI_AGAIN});
  const carpool::TimePoint started = TypeParam::now();
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to("dead.test", milliseconds(50)); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_LT(TypeParam::now() - started, seconds(10));
}

TYPED_TEST(TcpConnect, NamesThatDoNotAnswerDoNotHoldUpAnother) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "who has no helpers waits for the resolver";
  script_name("dead.test", {.delay = seconds(20), .error = EAI_AGAIN});
  script_name("good.test", {.addresses = {{"127.0.0.1", 0}}});
  std::vector<decltype(TypeParam::spawn([] {}))> callers;
  for (int i = 0; i < 12; ++i) {
    callers.push_back(TypeParam::spawn([&] {
      const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to("dead.test", seconds(5)); });
      EXPECT_EQ(error.code(), std::errc::timed_out);
    }));
  }
  TypeParam::sleep_until(this->in(milliseconds(5)));
  auto stream = this->connect_to("good.test", seconds(4));
  EXPECT_EQ(this->exchange(stream, "a"), "a");
}

TYPED_TEST(TcpConnect, WhileANameIsResolvedOtherWorkersGoOn) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "there are no others";
  script_name("slow.test", {.addresses = {{"127.0.0.1", 0}}, .delay = milliseconds(200)});
  std::atomic<bool> resolved{false};
  std::atomic<int> turns{0};
  auto other = TypeParam::spawn([&] {
    for (; !resolved; ++turns) TypeParam::sleep_until(this->in(milliseconds(1)));
  });
  auto stream = this->connect_to("slow.test", seconds(10));
  resolved = true;
  other.join();
  EXPECT_GT(turns, 20);
  EXPECT_EQ(this->exchange(stream, "a"), "a");
}

TYPED_TEST(TcpConnect, IPv6IsSpoken) {
  LoopbackServer six("::1");
  auto stream =
      carpool::TcpConnector{.host = "::1", .port = six.port()}.template connect<TypeParam>(this->soon_enough());
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  EXPECT_EQ(stream.peer(), "[::1]:" + std::to_string(six.port()));
}

TYPED_TEST(TcpConnect, TheDefaultsNoticeADeadPeerWithinAMinute) {
  const auto stream = this->connect();
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(this->option(stream, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
}

TYPED_TEST(TcpConnect, OptionsAreGivenToTheSocketRoundedUp) {
  auto connector = this->connector();
  connector.keepalive = {.idle = milliseconds(1500), .interval = milliseconds(1), .count = 7};
  connector.user_timeout = std::chrono::microseconds(1);
  const auto stream = connector.template connect<TypeParam>(this->soon_enough());
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPIDLE), 2);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPINTVL), 1);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_KEEPCNT), 7);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_USER_TIMEOUT), 1);
}

TYPED_TEST(TcpConnect, WhatIsTurnedOffIsOff) {
  auto connector = this->connector();
  connector.nodelay = false;
  connector.keepalive = std::nullopt;
  connector.user_timeout = std::nullopt;
  const auto stream = connector.template connect<TypeParam>(this->soon_enough());
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(this->option(stream, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(this->option(stream, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

TYPED_TEST(TcpConnect, AnExecutedChildInheritsNoSocketAndNoReadBlocksTheThread) {
  const auto stream = this->connect();
  EXPECT_TRUE(::fcntl(stream.native_handle(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(::fcntl(stream.native_handle(), F_GETFL) & O_NONBLOCK);
}

TYPED_TEST(TcpConnect, BadOptionsAreRefusedByName) {
  const auto refused = [&](auto change) {
    auto connector = this->connector();
    change(connector);
    try {
      (void)connector.template connect<TypeParam>(this->soon_enough());
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  using carpool::Duration;
  EXPECT_EQ(refused([](auto& c) { c.host = ""; }), "TcpConnector: host must not be empty");
  EXPECT_EQ(refused([](auto& c) { c.port = 0; }), "TcpConnector: port must be 1 to 65535, not 0");
  EXPECT_EQ(refused([](auto& c) { c.io_timeout = Duration(0); }), "TcpConnector: io_timeout must be longer than 0");
  EXPECT_EQ(refused([](auto& c) { c.user_timeout = Duration(0); }), "TcpConnector: user_timeout must be longer than 0");
  EXPECT_EQ(refused([](auto& c) { c.keepalive->idle = -seconds(1); }),
            "TcpConnector: keepalive.idle must be longer than 0");
  EXPECT_EQ(refused([](auto& c) { c.keepalive->interval = Duration(0); }),
            "TcpConnector: keepalive.interval must be longer than 0");
  EXPECT_EQ(refused([](auto& c) { c.keepalive->count = 0; }), "TcpConnector: keepalive.count must be at least 1");
}

TYPED_TEST(TcpConnect, WithoutADescriptorLeftTheErrorSaysSoAndNothingIsLost) {
  const auto connector = this->connector();
  const auto child = [&] {
    auto before = connector.template connect<TypeParam>(this->soon_enough());
    const std::size_t open = open_descriptors();
    std::vector<int> hogs;
    const rlimit few{64, 64};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
    for (int hog = 0; (hog = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) hogs.push_back(hog);
    const auto error =
        thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(this->soon_enough()); });
    if (error.code() != std::errc::too_many_files_open) return 3;
    if (std::string(error.what()).find("open a socket to 127.0.0.1") == std::string::npos) return 4;
    if (this->exchange(before, "still served") != "still served") return 5;
    for (const int hog : hogs) ::close(hog);
    (void)connector.template connect<TypeParam>(this->soon_enough());
    return open_descriptors() == open ? 0 : 6;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
}

// Where nobody listens on a port from which the kernel also takes the ports of outgoing connections, one connect in
// some 14,000 would reach itself: every port of that kind gets its turn.
TEST(TcpConnectToNobody, NoSocketIsEverConnectedToItself) {
  using Backend = carpool::ThreadBackend;
  const auto own_address = [](const Backend::Socket& socket) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(socket.native_handle(), reinterpret_cast<sockaddr*>(&own), &size);
    return carpool::SocketAddress(reinterpret_cast<const sockaddr*>(&own), size);
  };
  LoopbackServer server;
  auto nobody = own_address(Backend::Socket::connect(server.address(), {}, Backend::now() + seconds(10)));
  int connected_to_itself = 0;
  for (int i = 0; i < 30'000; ++i) {
    try {
      const auto socket = Backend::Socket::connect(nobody, {}, Backend::now() + seconds(10));
      connected_to_itself += own_address(socket) == nobody;
    } catch (const std::system_error& error) {
      ASSERT_EQ(error.code(), std::errc::connection_refused);
    }
  }
  EXPECT_EQ(connected_to_itself, 0);
}

}  // namespace

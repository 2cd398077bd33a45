// needs: hive_connector
/// Hive servers that are frozen, slow, killed or hostile, with SASL and without: an error in time, never another's
/// rows.
#include <carpool/connection_pool.hpp>
#include <carpool/hive_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "hive_fixture.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "memory_bound.hpp"
#include "process.hpp"
#include "thrown.hpp"

namespace {

using carpool::HiveAuth;
using std::chrono::milliseconds;

template <class Backend>
class HiveFaults : public HiveFixture<Backend> {
 protected:
  static constexpr std::array<HiveAuth, 2> both{HiveAuth::no_sasl, HiveAuth::plain};

  /// A server whose statement "nonce <n>" answers n.
  static void teach(HiveServer& server, int nonces = 1) {
    for (int i = 0; i < nonces; ++i) {
      server.on("nonce " + std::to_string(i), {.columns = {{"n", carpool::HiveType::int_}}, .rows = {{i}}});
    }
  }
  static void ask(carpool::HiveConnection<Backend>& connection, int nonce, carpool::TimePoint deadline) {
    const carpool::HiveRows rows = connection.query("nonce " + std::to_string(nonce), deadline);
    if (rows.size() != 1 || rows.get<std::int32_t>(0, 0) != nonce) ADD_FAILURE() << "another's answer";
  }

  /// What the connector makes of a server that answers whatever it hears with these bytes.
  template <class Error = std::exception>
  static void expect_refused(std::string_view bytes, HiveAuth auth) {
    LoopbackServer server;
    server.reply_with({.answer = std::string(bytes)});
    const auto connector = HiveFaults::to(server.port(), auth);
    EXPECT_THROW((void)HiveFaults::open(connector), Error);
  }
};
TYPED_TEST_SUITE(HiveFaults, IoBackends, BackendName);

TYPED_TEST(HiveFaults, AConversationThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  for (const HiveAuth auth : this->both) {
    HiveServer server({.plain = auth == HiveAuth::plain});
    this->teach(server);
    ChaosProxy proxy(server.port());
    const auto connector = this->to(proxy.port(), auth);
    const auto converse = [&] {
      auto connection = this->open(connector);
      this->ask(connection, 0, this->soon_enough());
    };
    converse();
    const std::size_t bytes = proxy.answered();
    ASSERT_TRUE(eventually<TypeParam>([&] { return proxy.open() + server.open() == 0; }));
    const std::size_t descriptors = open_descriptors();
    for (std::size_t offset = 0; offset < bytes; ++offset) {
      proxy.cut_after(offset);
      EXPECT_ANY_THROW(converse()) << "after " << offset << " of " << bytes << " bytes";
    }
    EXPECT_TRUE(eventually<TypeParam>([&] { return proxy.open() + server.open() == 0; }));
    EXPECT_EQ(open_descriptors(), descriptors);
  }
}

TYPED_TEST(HiveFaults, AServerThatAnswersByteByByteGivesTheSameAnswer) {
  for (const HiveAuth auth : this->both) {
    HiveServer server({.plain = auth == HiveAuth::plain});
    this->teach(server);
    ChaosProxy proxy(server.port());
    proxy.trickle(true);
    auto connection = this->open(this->to(proxy.port(), auth));
    this->ask(connection, 0, this->soon_enough());
    EXPECT_TRUE(connection.reusable());
  }
}

TYPED_TEST(HiveFaults, AFrozenServerIsATimeOutWhileConnectingAndWhileAsking) {
  for (const HiveAuth auth : this->both) {
    HiveServer server({.plain = auth == HiveAuth::plain});
    this->teach(server);
    ChaosProxy proxy(server.port());
    const auto connector = this->to(proxy.port(), auth);
    auto connection = this->open(connector);
    proxy.hold(true);
    const auto code_of = [&](auto work) { return code_thrown_by([&] { work(this->in(milliseconds(50))); }); };
    EXPECT_EQ(code_of([&](auto end) { this->ask(connection, 0, end); }), std::errc::timed_out);
    EXPECT_EQ(code_of([&](auto end) { (void)connector.template connect<TypeParam>(end); }), std::errc::timed_out);
    EXPECT_FALSE(connector.reusable(connection));
  }
}

TYPED_TEST(HiveFaults, NoAnswerEverReachesTheWrongCallerWhileConnectionsAreReset) {
  constexpr int workers = 4;
  constexpr int questions = 25;
  HiveServer server;
  this->teach(server, workers * questions);
  ChaosProxy proxy(server.port());
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::HiveConnector> pool(this->to(proxy.port()),
                                                                                      {.max_size = 2});
  const auto work = [&](int worker) {
    for (int i = 0; i < questions; ++i) {
      const int nonce = worker * questions + i;
      if (i % 8 == 3) proxy.reset_all();
      try {
        pool.with_connection([&](auto& connection) { this->ask(connection, nonce, this->soon_enough()); });
      } catch (const std::exception&) {
        continue;
      }
    }
  };
  {
    std::vector<decltype(TypeParam::spawn([] {}))> tasks;
    for (int worker = 0; worker < workers; ++worker)
      tasks.push_back(TypeParam::spawn([&work, worker] { work(worker); }));
  }
  pool.with_connection([&](auto& connection) { this->ask(connection, 7, this->soon_enough()); });
}

TYPED_TEST(HiveFaults, AServerThatComesBackIsUsedAgain) {
  HiveServer server;
  this->teach(server);
  ChaosProxy proxy(server.port());
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::HiveConnector> pool(
      this->to(proxy.port()), {.max_size = 2, .connect_attempts = 1, .connect_backoff = {.initial = milliseconds(1)}});
  const auto ask = [&] {
    pool.with_connection([&](auto& connection) { this->ask(connection, 0, this->soon_enough()); });
  };
  ask();
  proxy.refuse(true), proxy.close_all();
  EXPECT_ANY_THROW(ask());
  proxy.refuse(false);
  EXPECT_TRUE(eventually<TypeParam>([&] {
    try {
      return ask(), true;
    } catch (const std::exception&) {
      return false;
    }
  }));
}

TYPED_TEST(HiveFaults, HostileNegotiationsAreRefusedBeforeMemoryIsTaken) {
  const MemoryBound bound;
  using namespace std::string_view_literals;
  this->template expect_refused<std::system_error>("\5\x7f\xff\xff\xff"sv, HiveAuth::plain);
  this->template expect_refused<std::system_error>("\5\xff\xff\xff\xff"sv, HiveAuth::plain);
  this->template expect_refused<std::system_error>("\0\0\0\0\0"sv, HiveAuth::plain);
  this->template expect_refused<std::system_error>("\x80\1\0\2\0"sv, HiveAuth::plain);
  this->template expect_refused<std::system_error>("\2\0\0\0\0"sv, HiveAuth::plain);
  this->template expect_refused<std::system_error>("\4\0\0\0\3who"sv, HiveAuth::plain);
  this->template expect_refused<carpool::AuthenticationError>("\3\0\0\0\2no"sv, HiveAuth::plain);
}

TYPED_TEST(HiveFaults, HostileAnswersAreRefusedBeforeMemoryIsTaken) {
  const MemoryBound bound;
  using namespace std::string_view_literals;
  for (const std::string_view bytes : {
           "\x80\1\0\2\x7f\xff\xff\xff"sv,                                                       // the method's name
           "\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\x0c\0\0\x0d\0\4\x0b\x0b\x7f\xff\xff\xff"sv,  // a map
           "\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\x0c\0\0\x0f\0\4\x0c\x7f\xff\xff\xff"sv,      // a list of structures
           "\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\x0c\0\0\x0b\0\3\xff\xff\xff\xff"sv,  // a string of less than 0
           "\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\0"sv,                                // no result
           "\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\x0c\0\0\0\0"sv,                      // an empty one
           "HTTP/1.1 400 Bad Request\r\n\r\n"sv,
       }) {
    this->expect_refused(bytes, HiveAuth::no_sasl);
    this->expect_refused(std::string("\5\0\0\0\0\0\0\0\x40", 9) + std::string(bytes) + std::string(64, '\0'),
                         HiveAuth::plain);
  }
  this->expect_refused("\5\0\0\0\0\x7f\xff\xff\xff"sv, HiveAuth::plain);  // a frame of two gigabytes
  this->expect_refused("\5\0\0\0\0\xff\xff\xff\xff"sv, HiveAuth::plain);
}

TYPED_TEST(HiveFaults, StructuresNestedAMillionDeepAreRefused) {
  const MemoryBound bound;
  std::string answer("\x80\1\0\2\0\0\0\x0bOpenSession\0\0\0\1\x0c\0\0", 27);
  for (int i = 0; i < 1000 * 1000; ++i) answer += std::string("\x0c\0\7", 3);
  this->expect_refused(answer, HiveAuth::no_sasl);
}

}  // namespace

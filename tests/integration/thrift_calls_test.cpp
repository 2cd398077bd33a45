// needs: thrift_connector
/// Calls of a Thrift service: in every framing and encoding, in time or not, and with servers that claim too much.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thrift_connector.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "memory_bound.hpp"
#include "thrift_echo.hpp"

namespace {

using apache::thrift::TException;
using carpool::ThriftEncoding;
using carpool::ThriftFraming;
using std::chrono::milliseconds;
using thrift_echo::Client;

template <class Backend>
class ThriftCalls : public testing::Test {
 protected:
  using Connector = carpool::ThriftConnector<Client>;

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static Connector to(std::uint16_t port) { return {.host = "127.0.0.1", .port = port}; }
  static auto open(const Connector& connector) { return connector.connect<Backend>(in(std::chrono::seconds(10))); }

  /// What the client makes of these bytes as its answer.
  template <class Error>
  static void expect_refused(std::string_view bytes, const Connector& options, const std::string& method = "say") {
    LoopbackServer server;
    server.reply_with({.answer = std::string(bytes)});
    Connector connector = options;
    connector.host = "127.0.0.1", connector.port = server.port();
    auto connection = open(connector);
    Client& client = connection.client(in(std::chrono::seconds(10)));
    if (method == "many") {
      EXPECT_THROW((void)client.many(), Error);
    } else {
      EXPECT_THROW((void)client.say("x"), Error);
    }
    EXPECT_FALSE(connection.reusable());
  }
};
TYPED_TEST_SUITE(ThriftCalls, IoBackends, BackendName);

TYPED_TEST(ThriftCalls, EveryFramingAndEncodingCarriesTheCalls) {
  for (const bool framed : {false, true}) {
    for (const bool compact : {false, true}) {
      thrift_echo::Server server(framed, compact);
      auto connector = this->to(server.port());
      connector.framing = framed ? ThriftFraming::framed : ThriftFraming::buffered;
      connector.encoding = compact ? ThriftEncoding::compact : ThriftEncoding::binary;
      auto connection = this->open(connector);
      const std::string longer(100 * 1000, 'x');
      for (const std::string& text : {std::string("a"), longer, std::string()}) {
        EXPECT_EQ(connection.client().say(text), text);
        EXPECT_TRUE(connection.reusable());
      }
      connection.client().note("no answer comes");
      EXPECT_TRUE(connection.reusable());
      EXPECT_EQ(connection.client().say("after"), "after");
      EXPECT_EQ(server.notes(), 1U);
    }
  }
}

TYPED_TEST(ThriftCalls, WhatTheServiceDeclaresLeavesTheConnectionInThePool) {
  thrift_echo::Server server;
  using Pool = carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::ThriftConnector<Client>>;
  Pool pool(this->to(server.port()), {.max_size = 1});
  for (const char* text : {"refuse", "?"}) {
    const auto call = [&](auto& connection) { return connection.client().say(text); };
    EXPECT_THROW((void)pool.with_connection(call), TException);
    EXPECT_EQ(pool.with_connection([](auto& connection) { return connection.client().say("fine"); }), "fine");
  }
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(ThriftCalls, ACallWithoutItsAnswerIsNotReusable) {
  thrift_echo::Server server;
  const auto connector = this->to(server.port());
  auto connection = this->open(connector);
  connection.client().send_say("half a call");
  EXPECT_FALSE(connection.reusable());
  EXPECT_EQ(connection.client().recv_say(), "half a call");
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(ThriftCalls, AFrozenServerIsATimeOutThatNamesItAndEndsTheConnection) {
  thrift_echo::Server server;
  ChaosProxy proxy(server.port());
  const auto connector = this->to(proxy.port());
  auto connection = this->open(connector);
  EXPECT_EQ(connection.client().say("a"), "a");
  proxy.hold(true);
  const carpool::TimePoint deadline = this->in(milliseconds(50));
  try {
    (void)connection.client(deadline).say("b");
    ADD_FAILURE() << "an answer came";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_NE(std::string(error.what()).find(std::to_string(proxy.port())), std::string::npos) << error.what();
    EXPECT_EQ(connector.handle_exception(connection, std::current_exception()), carpool::Verdict::close);
  }
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(ThriftCalls, TheConnectorsOwnBoundHoldsWhereNoDeadlineIsGiven) {
  thrift_echo::Server server;
  ChaosProxy proxy(server.port());
  auto connector = this->to(proxy.port());
  connector.io_timeout = milliseconds(50);
  auto connection = this->open(connector);
  proxy.hold(true);
  EXPECT_THROW((void)connection.client().say("b"), std::system_error);
}

TYPED_TEST(ThriftCalls, AnAnswerByteByByteIsTheSameAnswer) {
  thrift_echo::Server server(true);
  ChaosProxy proxy(server.port());
  proxy.trickle(true);
  auto connector = this->to(proxy.port());
  connector.framing = ThriftFraming::framed;
  auto connection = this->open(connector);
  EXPECT_EQ(connection.client().say("slowly"), "slowly");
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(ThriftCalls, AnAnswerThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  for (const bool framed : {false, true}) {
    thrift_echo::Server server(framed);
    ChaosProxy proxy(server.port());
    auto connector = this->to(proxy.port());
    connector.framing = framed ? ThriftFraming::framed : ThriftFraming::buffered;
    EXPECT_EQ(this->open(connector).client().say("nonce"), "nonce");
    const std::size_t bytes = proxy.answered();
    ASSERT_GT(bytes, 10U);
    for (std::size_t offset = 0; offset < bytes; ++offset) {
      proxy.cut_after(offset);
      // Cut at once, the connect may be told of it already.
      EXPECT_ANY_THROW((void)this->open(connector).client().say("nonce")) << "after " << offset << " bytes";
    }
  }
}

TYPED_TEST(ThriftCalls, AFrameOfTwoGigabytesIsRefusedBeforeMemoryIsTaken) {
  const MemoryBound bound;
  using apache::thrift::transport::TTransportException;
  using namespace std::string_view_literals;
  this->template expect_refused<TTransportException>("\x7f\xff\xff\xff"sv,
                                                     {.host = "", .framing = ThriftFraming::framed});
  this->template expect_refused<TTransportException>("\xff\xff\xff\xff"sv,
                                                     {.host = "", .framing = ThriftFraming::framed});
  this->template expect_refused<std::exception>(
      std::string(1 << 20, '\0'),
      {.host = "", .framing = ThriftFraming::framed, .limits = {.max_message_bytes = 1000}});
}

TYPED_TEST(ThriftCalls, AStringOfTwoGigabytesIsRefusedBeforeMemoryIsTaken) {
  const MemoryBound bound;
  using namespace std::string_view_literals;
  this->template expect_refused<TException>("\x80\1\0\2\0\0\0\3say\0\0\0\0\x0b\0\0\x7f\xff\xff\xff"sv, {});
  this->template expect_refused<TException>("\x80\1\0\2\0\0\0\3say\0\0\0\0\x0b\0\0\xff\xff\xff\xff"sv, {});
}

TYPED_TEST(ThriftCalls, AListOfTwoThousandMillionNothingsIsRefusedBeforeMemoryIsTaken) {
  const MemoryBound bound;
  using namespace std::string_view_literals;
  this->template expect_refused<TException>("\x80\1\0\2\0\0\0\4many\0\0\0\0\x0f\0\0\x0c\x7f\xff\xff\xff"sv, {}, "many");
  this->template expect_refused<TException>("\x80\1\0\2\0\0\0\4many\0\0\0\0\x0f\0\0\x0c\x00\x20\x00\x00"sv, {}, "many");
}

TYPED_TEST(ThriftCalls, StructuresNestedAMillionDeepAreRefused) {
  const MemoryBound bound;
  std::string answer("\x80\1\0\2\0\0\0\3say\0\0\0\0", 15);
  for (int i = 0; i < 1000 * 1000; ++i) answer += std::string("\x0c\0\1", 3);
  this->template expect_refused<TException>(answer, {});
}

TYPED_TEST(ThriftCalls, ForeignBytesAreRefused) {
  this->template expect_refused<TException>("HTTP/1.1 400 Bad Request\r\n\r\n", {});
  this->template expect_refused<TException>("HTTP/1.1 400 Bad Request\r\n\r\n",
                                            {.host = "", .encoding = ThriftEncoding::compact});
}

TYPED_TEST(ThriftCalls, BadOptionsAreRefusedByName) {
  const auto refusal = [](carpool::ThriftConnector<Client> connector) -> std::string {
    try {
      connector.validate();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal({.host = "h", .port = 1, .limits = {.max_message_bytes = 0}}).find("max_message_bytes"),
            std::string::npos);
  EXPECT_NE(refusal({.host = "h", .port = 1, .limits = {.max_elements = 0}}).find("max_elements"), std::string::npos);
  EXPECT_NE(refusal({.host = "h", .port = 1, .limits = {.max_depth = 0}}).find("max_depth"), std::string::npos);
  EXPECT_NE(refusal({.host = "", .port = 1}).find("host"), std::string::npos);
}

}  // namespace

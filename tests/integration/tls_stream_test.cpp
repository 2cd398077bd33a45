// needs: tls_connector
/// A TLS stream in use: sessions resumed, tickets and keys that come unasked, and ends that are meant or are not.
#include <carpool/tls_connector.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "process.hpp"
#include "thrown.hpp"
#include "tls_fixture.hpp"

namespace {

template <class Backend>
class TlsStream : public TlsFixture<Backend> {
 protected:
  /// Opens, uses and closes so many connections of one connector, one after another.
  static void use_one_after_another(const carpool::TlsConnector& connector, int count) {
    for (int i = 0; i < count; ++i) {
      auto stream = TlsStream::open(connector);
      ASSERT_EQ(TlsStream::exchange(stream, "hello"), "hello");
    }
  }
};
TYPED_TEST_SUITE(TlsStream, IoBackends, BackendName);

TYPED_TEST(TlsStream, EveryHandshakeAfterTheFirstResumesInBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server({.version = version});
    const auto connector = this->to(server);
    this->use_one_after_another(connector, 10);
    EXPECT_EQ(connector.context.handshakes(), 10U);
    EXPECT_EQ(connector.context.resumptions(), 9U) << version;
    EXPECT_EQ(server.resumed(), 9U) << version;
  }
}

TYPED_TEST(TlsStream, CopiesOfAConnectorResumeEachOthersSessions) {
  TlsServer server;
  const auto connector = this->to(server);
  const auto copy = connector;
  this->use_one_after_another(connector, 1);
  EXPECT_TRUE(this->open(copy).socket().resumed());
}

TYPED_TEST(TlsStream, ASessionIsOfferedOnlyToTheServerAndTheNameThatItIsFor) {
  TlsServer first;
  TlsServer second;
  auto connector = this->to(first);
  this->use_one_after_another(connector, 1);
  connector.port = second.port();
  EXPECT_FALSE(this->open(connector).socket().resumed());
  connector.port = first.port();
  connector.tls.server_name = "localhost";
  EXPECT_FALSE(this->open(connector).socket().resumed());
}

TYPED_TEST(TlsStream, WhoWantsNoResumptionShakesHandsInFull) {
  TlsServer server;
  auto connector = this->to(server);
  connector.tls.resume_sessions = false;
  this->use_one_after_another(connector, 3);
  EXPECT_EQ(server.resumed(), 0U);
}

TYPED_TEST(TlsStream, AServerThatForgetsItsSessionsIsShakenHandsWithInFull) {
  TlsServer server({.resumes = false});
  const auto connector = this->to(server);
  this->use_one_after_another(connector, 3);
  EXPECT_EQ(server.resumed(), 0U);
}

TYPED_TEST(TlsStream, TicketsThatComeAfterTheHandshakeAreNoUnreadBytes) {
  TlsServer server;
  const auto connector = this->to(server);
  auto stream = this->open(connector);
  char byte = 0;  // a ticket has come: something is there to be read
  ASSERT_TRUE(
      eventually<TypeParam>([&] { return ::recv(stream.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1; }));
  EXPECT_TRUE(stream.is_connected());
  EXPECT_TRUE(stream.reusable());
  EXPECT_TRUE(eventually<TypeParam>(
      [&] { return ::recv(stream.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && stream.is_connected(); }));
  EXPECT_EQ(this->exchange(stream, "hello"), "hello");
}

TYPED_TEST(TlsStream, BytesThatNobodyAskedForAreUnread) {
  TlsServer server;
  const auto connector = this->to(server);
  auto stream = this->open(connector);
  stream.write_all("one\n");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  EXPECT_EQ(stream.read_until("\n"), "one");
  EXPECT_TRUE(stream.is_connected());
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TlsStream, BytesOfARecordThatIsHalfReadAreUnread) {
  TlsServer server;
  const auto connector = this->to(server);
  auto stream = this->open(connector);
  stream.write_all("long\n", this->soon_enough());
  EXPECT_EQ(stream.read_exactly(2, this->soon_enough()), "lo");
  EXPECT_FALSE(stream.is_connected());
}

TYPED_TEST(TlsStream, NewKeysAndRenegotiationGoUnnoticed) {
  for (const auto& [version, order] : {std::pair{TLS1_3_VERSION, "update keys"}, {TLS1_2_VERSION, "renegotiate"}}) {
    TlsServer server({.version = version});
    const auto connector = this->to(server);
    auto stream = this->open(connector);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(this->exchange(stream, order), order);
    EXPECT_EQ(this->exchange(stream, "hello"), "hello");
    EXPECT_TRUE(eventually<TypeParam>([&] { return stream.is_connected(); }));
  }
}

TYPED_TEST(TlsStream, AMegabyteGoesBothWaysThroughASlowPeer) {
  TlsServer server;
  auto stream = this->open(this->to(server));
  const std::string line(1000 * 1000, 'x');
  EXPECT_EQ(this->exchange(stream, line), line);
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TlsStream, AServerThatSaysGoodbyeIsDeadAndItsEndIsTheEnd) {
  TlsServer server;
  const auto connector = this->to(server);
  auto stream = this->open(connector);
  stream.write_all("goodbye\n");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  std::array<std::byte, 1> byte{};
  auto other = this->open(connector);
  other.write_all("goodbye\n");
  EXPECT_EQ(other.read_some(byte, this->soon_enough()), 0U);
  EXPECT_FALSE(other.reusable());
}

TYPED_TEST(TlsStream, AnEndWithoutAGoodbyeIsAnErrorBecauseSomebodyMayHaveCutTheStream) {
  TlsServer server;
  auto stream = this->open(this->to(server));
  stream.write_all("cut\n");
  std::array<std::byte, 1> byte{};
  const auto error = thrown_by<std::system_error>([&] { (void)stream.read_some(byte, this->soon_enough()); });
  EXPECT_EQ(error.code(), std::errc::connection_reset) << error.what();
  EXPECT_FALSE(stream.reusable());
  EXPECT_FALSE(stream.is_connected());
}

TYPED_TEST(TlsStream, InvalidateSaysGoodbyeAndCloseDoesNot) {
  TlsServer server;
  const auto connector = this->to(server);
  auto polite = this->open(connector);
  EXPECT_EQ(this->exchange(polite, "a"), "a");
  polite.invalidate(this->soon_enough());
  polite.close();
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.goodbyes() == 1 && server.open() == 0; }));
  {
    auto curt = this->open(connector);
    EXPECT_EQ(this->exchange(curt, "b"), "b");
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
  EXPECT_EQ(server.goodbyes(), 1U);
  EXPECT_EQ(server.resumed(), 1U);
}

TYPED_TEST(TlsStream, AHandshakeThatIsCutAtAnyByteIsAnErrorAndLeaksNothing) {
  TlsServer server({.resumes = false});
  ChaosProxy proxy(server.port());
  const auto connector = this->to(proxy.port());
  auto whole = this->open(connector);
  const std::size_t bytes = proxy.answered();
  ASSERT_GT(bytes, 500U);
  whole.close();
  EXPECT_TRUE(eventually<TypeParam>([&] { return proxy.open() + server.open() == 0; }));
  const std::size_t descriptors = open_descriptors();
  std::size_t offset = 0;
  do {
    proxy.cut_after(offset);
  } while (this->refusal(connector) && ++offset < 10 * bytes);
  EXPECT_GE(offset + 16, bytes);  // a signature is now longer, now shorter by a few bytes
  EXPECT_LE(offset, bytes + 16);
  EXPECT_TRUE(eventually<TypeParam>([&] { return proxy.open() + server.open() == 0; }));
  EXPECT_EQ(open_descriptors(), descriptors);
}

TYPED_TEST(TlsStream, AServerThatAnswersByteByByteIsShakenHandsWith) {
  TlsServer server;
  ChaosProxy proxy(server.port());
  proxy.trickle(true);
  auto stream = this->open(this->to(proxy.port()));
  EXPECT_EQ(this->exchange(stream, "hello"), "hello");
}

TYPED_TEST(TlsStream, AServerThatNeverShakesHandsIsLeftAtTheDeadline) {
  TlsServer server;
  ChaosProxy proxy(server.port());
  proxy.hold(true);
  const auto connector = this->to(proxy.port());
  const carpool::TimePoint deadline = this->in(std::chrono::milliseconds(50));
  const auto error = thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(deadline); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_NE(std::string(error.what()).find("TLS handshake with 127.0.0.1:"), std::string::npos) << error.what();
  EXPECT_GE(TypeParam::now(), deadline);
}

TYPED_TEST(TlsStream, AnAnswerThatDoesNotComeIsATimeOutAndPoisonsTheConnection) {
  TlsServer server;
  ChaosProxy proxy(server.port());
  auto stream = this->open(this->to(proxy.port()));
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  proxy.hold(true);
  stream.write_all("b\n");
  const auto error = thrown_by<std::system_error>(
      [&] { (void)stream.read_until("\n", 100, this->in(std::chrono::milliseconds(50))); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_FALSE(stream.reusable());
}

TYPED_TEST(TlsStream, AResetWhileIdleAndAWriteIntoItEndNoProcess) {
  TlsServer server;
  ChaosProxy proxy(server.port());
  const auto connector = this->to(proxy.port());
  auto stream = this->open(connector);
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  proxy.reset_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  const auto error = thrown_by<std::system_error>([&] {
    for (int i = 0; i < 100; ++i) stream.write_all("b\n", this->soon_enough());
  });
  EXPECT_FALSE(stream.reusable()) << error.what();
}

TYPED_TEST(TlsStream, APeerThatSpeaksNoTlsIsAnErrorThatNamesIt) {
  LoopbackServer server;
  server.reply_with({.answer = "-ERR what is that?\r\n"});
  const auto error = thrown_by<std::system_error>([&] { (void)this->open(this->to(server.port())); });
  EXPECT_EQ(error.code().category(), carpool::tls_category()) << error.what();
  EXPECT_NE(std::string(error.what()).find(std::to_string(server.port())), std::string::npos) << error.what();
}

}  // namespace

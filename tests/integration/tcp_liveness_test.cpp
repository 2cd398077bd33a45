/// is_connected tells a connection that may be handed out from one that may not, without a round trip.
#include <carpool/tcp_connector.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "process.hpp"
#include "stream_fixture.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;

template <class Backend>
class TcpLiveness : public StreamFixture<Backend> {};
TYPED_TEST_SUITE(TcpLiveness, IoBackends, BackendName);

TYPED_TEST(TcpLiveness, ThePeersEndIsNoticedWhileIdle) {
  auto stream = this->connect();
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  EXPECT_TRUE(stream.is_connected());
  this->server_.close_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  EXPECT_FALSE(stream.is_connected()) << "asking once must not wipe it out";
}

TYPED_TEST(TcpLiveness, ThePeersResetIsNoticedWhileIdle) {
  auto stream = this->connect();
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  this->server_.reset_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  EXPECT_FALSE(stream.is_connected()) << "asking once must not wipe it out";
}

TYPED_TEST(TcpLiveness, AnUnsolicitedByteMakesItDirty) {
  auto stream = this->connect();
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  this->server_.send_all("x");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
  EXPECT_EQ(stream.read_exactly(1), "x") << "the check must not take the byte away";
}

TYPED_TEST(TcpLiveness, BytesAlreadyInTheBufferMakeItDirty) {
  auto stream = this->connect();
  stream.write_all("first\nsecond\n");
  EXPECT_EQ(stream.read_until("\n"), "first");
  EXPECT_FALSE(stream.is_connected());
  EXPECT_FALSE(stream.reusable());
}

TYPED_TEST(TcpLiveness, AFullSendBufferSaysNothingAgainstIt) {
  auto stream = this->connect();
  this->server_.freeze();
  const std::string much(64 << 20, 'x');
  const auto error = thrown_by<std::system_error>([&] { stream.write_all(much, this->in(milliseconds(50))); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_TRUE(stream.is_connected()) << "the peer is there, it is only slow";
  EXPECT_FALSE(stream.reusable()) << "but nobody knows which part of the request it got";
}

TYPED_TEST(TcpLiveness, AServerThatStandsStillIsStillConnected) {
  auto stream = this->connect();
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  this->server_.freeze();
  EXPECT_TRUE(stream.is_connected());
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TcpLiveness, NoDescriptorIsNeededToAsk) {
  auto stream = this->connect();
  const auto child = [&stream] {
    const rlimit none{1, 1};  // the only number that would be left is taken: stdin
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 2;
    return stream.is_connected() ? 0 : 1;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
}

TYPED_TEST(TcpLiveness, WhatWasMovedFromOrClosedIsNotConnected) {
  auto stream = this->connect();
  auto heir = std::move(stream);
  EXPECT_FALSE(stream.is_connected());  // NOLINT(bugprone-use-after-move): that it is safe is the point
  EXPECT_TRUE(heir.is_connected());
  heir.close();
  heir.close();
  EXPECT_FALSE(heir.is_connected());
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server_.open() == 0; }));
}

}  // namespace

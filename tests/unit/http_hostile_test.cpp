// needs: http_connector
/// Whatever a server answers, it is an answer or an error: bounded, never half of one, and never another request's.
#include <carpool/connection_pool.hpp>
#include <carpool/http_client.hpp>
#include <carpool/http_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "memory_bound.hpp"

namespace {

using carpool::HttpClient;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: good\r\n\r\nok";

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

template <class B>
class HttpHostile : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, carpool::HttpConnector>;

  carpool::HttpConnector connector() const {
    return {.host = "127.0.0.1", .port = server_.port(), .max_header_bytes = 20000, .max_body_bytes = 100000};
  }
  carpool::HttpConnection<B> connect() const { return connector().template connect<B>(in(seconds(20))); }
  static carpool::TimePoint in(carpool::Duration time) { return B::now() + time; }

  /// What a request gets: the body, or the error's condition.
  std::string outcome(const std::string& answer, std::optional<std::size_t> cut_after = {}) {
    server_.reply_with({.answer = answer, .cut_after = cut_after});
    auto connection = connect();
    try {
      const carpool::HttpResponse response = connection.get("/", in(milliseconds(300)));
      return response.body.substr(0, 100) + (connection.reusable() ? "" : ", the last");
    } catch (const std::system_error& error) {
      EXPECT_FALSE(connection.reusable());
      return error.code() == std::errc::timed_out          ? "timed out"
             : error.code() == std::errc::connection_reset ? "ended"
             : error.code() == std::errc::message_size     ? "too long"
                                                           : "refused";
    }
  }

  LoopbackServer server_;
};
TYPED_TEST_SUITE(HttpHostile, IoBackends, BackendName);

TYPED_TEST(HttpHostile, AGoodAnswerIsTaken) { EXPECT_EQ(this->outcome(good), "ok"); }

TYPED_TEST(HttpHostile, AServerMayBeNamedByItsIpv6Number) {
  LoopbackServer six("::1");
  six.reply_with({.answer = good});
  const carpool::HttpConnector connector{.host = "::1", .port = six.port()};
  EXPECT_EQ(connector.template connect<TypeParam>(this->in(seconds(20))).get("/").body, "ok");
}

TYPED_TEST(HttpHostile, AnAnswerThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_EQ(this->outcome(good, cut), "ended") << cut;
}

TYPED_TEST(HttpHostile, AProvisionalAnswerIsNoAnswer) {
  const std::string provisional = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(this->outcome(provisional + good), "ok");
  EXPECT_EQ(this->outcome(provisional, provisional.size()), "ended");
  EXPECT_EQ(this->outcome(provisional + good, provisional.size() + 20), "ended");
}

TYPED_TEST(HttpHostile, EndlessHeadersAreRefused) {
  EXPECT_EQ(this->outcome("HTTP/1.1 200 OK\r\n" + times(3000, "X-Filler: 0123456789\r\n")), "too long");
  EXPECT_EQ(this->outcome(times(2000, "HTTP/1.1 100 Continue\r\n\r\n")), "too long");
  EXPECT_NE(this->outcome("HTTP/1.1 200 OK\r\nX: " + std::string(300000, 'x')), "ok");
  EXPECT_EQ(this->outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" +
                          times(3000, "X-Trailer: 0123456789\r\n") + "\r\n"),
            "too long");
}

TYPED_TEST(HttpHostile, ABodyWithoutEndIsRefused) {
  EXPECT_EQ(this->outcome("HTTP/1.1 200 OK\r\n\r\n" + std::string(200000, 'b')), "too long");
  EXPECT_EQ(this->outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          times(30, "1000\r\n" + std::string(4096, 'b') + "\r\n")),
            "too long");
}

TYPED_TEST(HttpHostile, AClaimedLengthTakesNoMemoryAndIsNotBelieved) {
  const MemoryBound bound;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
  EXPECT_EQ(this->outcome(head + "9223372036854775807\r\n\r\nshort"), "timed out");
  const std::string huge = head + "9223372036854775807\r\n\r\nshort";
  EXPECT_EQ(this->outcome(huge, huge.size()), "ended");
  EXPECT_EQ(this->outcome(head + "99999999999999999999999999\r\n\r\nshort"), "timed out");
  EXPECT_EQ(this->outcome(head + "-5\r\n\r\nshort"), "refused");
}

TYPED_TEST(HttpHostile, ChunksOfGarbageAreRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"zz\r\nok\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFFF\r\nok", "-2\r\nok\r\n0\r\n\r\n", "2\r\nokay\r\n0\r\n\r\n"}) {
    EXPECT_EQ(this->outcome(head + body), "ended") << body;
  }
}

TYPED_TEST(HttpHostile, WhatIsNotHttpIsRefused) {
  EXPECT_EQ(this->outcome("hello\r\n\r\n"), "refused");
  EXPECT_EQ(this->outcome("SSH-2.0-OpenSSH_9\r\n"), "refused");
  EXPECT_EQ(this->outcome(std::string("\x16\x03\x01\0\0", 5) + std::string(2000, '\0')), "refused");
}

TYPED_TEST(HttpHostile, AnAnswerThatNobodyAskedForIsNobodys) {
  EXPECT_EQ(this->outcome(good + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"), "ok, the last");
  this->server_.reply_with({.answer = good});
  auto connection = this->connect();
  EXPECT_EQ(connection.get("/").body, "ok");
  this->server_.send_all("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !connection.is_connected(); }));
}

TYPED_TEST(HttpHostile, ABodyThatEndsWithItsConnectionIsTheLast) {
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
  EXPECT_EQ(this->outcome(answer, answer.size()), "until the end, the last");
  EXPECT_EQ(this->outcome("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), "ok, the last");
}

TYPED_TEST(HttpHostile, ATrailerIsNoHeader) {
  this->server_.reply_with(
      {.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Admin: yes\r\n\r\n"});
  auto connection = this->connect();
  const auto response = connection.get("/");
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(response.header("X-Admin"), "");
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(HttpHostile, ASilentServerIsGivenUpAtTheDeadline) {
  this->server_.reply_with({.silent = true});
  auto connection = this->connect();
  const auto before = TypeParam::now();
  try {
    connection.get("/path?secret=1", this->in(milliseconds(50)));
    ADD_FAILURE() << "there was no answer";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("GET http://127.0.0.1:"), std::string::npos) << error.what();
  }
  EXPECT_GE(TypeParam::now() - before, milliseconds(50));
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(HttpHostile, ASlowServerIsWaitedForByteByByteButNotPastTheDeadline) {
  this->server_.reply_with({.answer = good, .pause = milliseconds(1), .byte_by_byte = true});
  EXPECT_EQ(this->connect().get("/").body, "ok");
  this->server_.reply_with({.answer = times(1000, good), .pause = milliseconds(20), .byte_by_byte = true});
  auto connection = this->connect();
  EXPECT_THROW(connection.get("/", this->in(milliseconds(100))), std::system_error);
}

TYPED_TEST(HttpHostile, WhatIsIdempotentIsAskedOnceMoreWhereAKeptConnectionEnds) {
  this->server_.reply_with({.answer = good, .cut_after = good.size() + 1});  // one answer for each connection
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  HttpClient client(pool);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_EQ(client.request({.method = "PUT", .path = "/", .body = "x"}).body, "ok");
  EXPECT_EQ(this->server_.accepted(), 5U);
  EXPECT_THROW(client.post("/", "x"), carpool::HttpUnanswered);
  EXPECT_EQ(client.post("/", "x").body, "ok");
  HttpClient bold(pool, {.repeat_any_method = true});
  EXPECT_EQ(bold.post("/", "x").body, "ok");
}

TYPED_TEST(HttpHostile, WhatEndsTwiceIsAnError) {
  this->server_.reply_with({.answer = good, .cut_after = 0});
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  HttpClient client(pool);
  EXPECT_THROW(client.get("/"), carpool::HttpUnanswered);
  EXPECT_EQ(this->server_.accepted(), 2U);
}

TYPED_TEST(HttpHostile, ARequestThatWouldBeReadAsTwoIsNotSent) {
  auto connection = this->connect();
  using Request = carpool::HttpRequest;
  for (const Request& request :
       {Request{.path = "/ HTTP/1.1\r\nX: y"}, Request{.path = "no-slash"}, Request{.path = "/a b"},
        Request{.path = std::string("/a\0b", 4)}, Request{.method = "GET /x"}, Request{.method = ""},
        Request{.method = "CONNECT"}, Request{.headers = {{"X", "a\r\nY: b"}}}, Request{.headers = {{"X:", "a"}}},
        Request{.headers = {{"Transfer-Encoding", "chunked"}}}, Request{.headers = {{"content-length", "3"}}}}) {
    EXPECT_THROW(connection.request(request), std::invalid_argument) << request.method << ' ' << request.path;
  }
  EXPECT_TRUE(connection.reusable());
  EXPECT_EQ(this->server_.bytes_received(), 0U);
}

}  // namespace

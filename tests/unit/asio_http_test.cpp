// needs: asio thread_backend fiber_backend tls_connector
// sanitizers: not thread
// Connections to an HTTP server that coroutines of Boost.Asio's await: which are kept, which are closed.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_http.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/vector_body.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <openssl/ssl.h>

#include <gtest/gtest.h>

#include "asio_sleep.hpp"
#include "contains.hpp"
#include "eventually.hpp"
#include "loopback_server.hpp"
#include "running_context.hpp"
#include "tls_server.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using carpool::AsioHttp;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

constexpr carpool::RecognisedMembers plain =
    carpool::recognised<carpool::AsioConnector<AsioHttp<>>, carpool::ThreadBackend>();
static_assert(plain.reusable && plain.in_step && plain.describe && plain.validate && !plain.invalidate);
constexpr carpool::RecognisedMembers over_tls =
    carpool::recognised<carpool::AsioConnector<AsioHttp<TlsStream>>, carpool::ThreadBackend>();
static_assert(over_tls.reusable && over_tls.invalidate);

http::request<http::empty_body> getting(http::verb method = http::verb::get) {
  return http::request<http::empty_body>(method, "/", 11);
}

template <class B>
class AsioHttpPools : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, carpool::AsioConnector<AsioHttp<>>>;

  carpool::AsioConnector<AsioHttp<>> connector() {
    return carpool::AsioConnector<AsioHttp<>>(running_.executor(), {.host = "127.0.0.1", .port = server_.port()});
  }
  void answer(std::string text) { server_.reply_with({.answer = std::move(text)}); }

  template <class Body>
  static asio::awaitable<std::string> visit(Pool& pool, http::request<Body> request) {
    auto lease = co_await carpool::co_acquire(pool);
    const http::response<http::string_body> response = co_await lease->send(std::move(request));
    co_return std::to_string(response.result_int()) + ' ' + response.body();
  }
  std::string get(Pool& pool) { return running_.await(visit(pool, getting())); }
  [[nodiscard]] static bool is_closed(Pool& pool) {
    return eventually<B>([&] { return pool.stats().size() == 0; });
  }

  LoopbackServer server_;
  RunningContext running_;
};
using Backends = testing::Types<carpool::ThreadBackend, carpool::FiberBackend>;
TYPED_TEST_SUITE(AsioHttpPools, Backends);

TYPED_TEST(AsioHttpPools, KeepAConnectionThatTheServerKeeps) {
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(this->get(pool), "200 hello");
  this->answer("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(this->get(pool), "404 abc");
  http::request<http::string_body> posting(http::verb::post, "/", 11, "some words");
  EXPECT_EQ(this->running_.await(this->visit(pool, std::move(posting))), "404 abc");
  EXPECT_EQ(this->server_.accepted(), 1U);
  EXPECT_EQ(pool.stats().idle, 1U);
}

// The server's echo is no answer, and shows what it was sent.
TYPED_TEST(AsioHttpPools, NameTheHostOfARequest) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  EXPECT_THROW(this->get(pool), boost::system::system_error);
  EXPECT_TRUE(this->is_closed(pool));
  const std::string host = "Host: 127.0.0.1:" + std::to_string(this->server_.port()) + "\r\n";
  EXPECT_EQ(this->server_.bytes_received(), ("GET / HTTP/1.1\r\n" + host + "\r\n").size());
}

TYPED_TEST(AsioHttpPools, CloseAConnectionThatEitherSideEnds) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  this->answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(this->get(pool), "200 hello");
  EXPECT_TRUE(this->is_closed(pool));
  this->answer("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(this->get(pool), "200 hello");
  EXPECT_TRUE(this->is_closed(pool));
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  auto last = getting();
  last.keep_alive(false);
  EXPECT_EQ(this->running_.await(this->visit(pool, std::move(last))), "200 hello");
  EXPECT_TRUE(this->is_closed(pool));
  EXPECT_EQ(this->server_.accepted(), 3U);
}

// Without a length, the connection's end is the answer's.
TYPED_TEST(AsioHttpPools, ReadAnAnswerToTheConnectionsEnd) {
  const std::string text = "HTTP/1.1 200 OK\r\n\r\nhello";
  this->server_.reply_with({.answer = text, .cut_after = text.size()});
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  EXPECT_EQ(this->get(pool), "200 hello");
  EXPECT_TRUE(this->is_closed(pool));
}

TYPED_TEST(AsioHttpPools, ReadNoBodyWhereNoneComes) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(this->running_.await(this->visit(pool, getting(http::verb::head))), "200 ");
  this->answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(this->get(pool), "204 ");
  EXPECT_EQ(this->server_.accepted(), 1U);
}

// What follows is another protocol's, or an answer to nothing.
TYPED_TEST(AsioHttpPools, CloseWhatIsOutOfStep) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  this->answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n");
  EXPECT_EQ(this->get(pool), "101 ");
  EXPECT_TRUE(this->is_closed(pool));
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(this->get(pool), "200 hello");
  EXPECT_TRUE(this->is_closed(pool));
}

TYPED_TEST(AsioHttpPools, RefuseAnAnswerThatIsTooLong) {
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  typename TestFixture::Pool pool(
      carpool::AsioConnector<AsioHttp<>>(this->running_.executor(),
                                         {.host = "127.0.0.1", .port = this->server_.port(), .max_body_bytes = 4}),
      {.max_size = 1});
  try {
    this->get(pool);
    ADD_FAILURE() << "five bytes are too many";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), http::error::body_limit);
  }
  EXPECT_TRUE(this->is_closed(pool));
}

// --- law 10 ------------------------------------------------------------------------------------------------

// The coroutine swallows the error.
TYPED_TEST(AsioHttpPools, CloseWhatStoppedInTheMiddleOfAnAnswer) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  const auto give_up = [&]() -> asio::awaitable<std::size_t> {
    auto lease = co_await carpool::co_acquire(pool);
    EXPECT_TRUE(lease->reusable());
    const auto which = co_await (lease->send(getting()) || asio_sleep(20ms));
    EXPECT_FALSE(lease->reusable());
    EXPECT_FALSE(lease->is_connected());
    co_return which.index();
  };
  EXPECT_EQ(this->running_.await(give_up()), 1U);
  EXPECT_TRUE(this->is_closed(pool));
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server_.open() == 0; }));
}

// The pool first, then the context with the frame and the connection.
TYPED_TEST(AsioHttpPools, EndWithTheContextWhereALeaseOutlivesItsPool) {
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  {
    asio::io_context context;
    const auto guard = asio::make_work_guard(context);
    {
      typename TestFixture::Pool pool(carpool::AsioConnector<AsioHttp<>>(
                                          context.get_executor(), {.host = "127.0.0.1", .port = this->server_.port()}),
                                      {.max_size = 1});
      asio::co_spawn(context, TestFixture::visit(pool, getting()), asio::detached);
      while (this->server_.bytes_received() == 0) context.run_for(1ms);
    }
    EXPECT_EQ(this->server_.open(), 1U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server_.open() == 0; }));
}

// --- many --------------------------------------------------------------------------------------------------

TYPED_TEST(AsioHttpPools, ServeFiftyCoroutinesWithTwoConnections) {
  this->answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  asio::io_context context;
  typename TestFixture::Pool pool(
      carpool::AsioConnector<AsioHttp<>>(context.get_executor(), {.host = "127.0.0.1", .port = this->server_.port()}),
      {.max_size = 2});
  int answered = 0;
  const auto ask = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i) answered += co_await TestFixture::visit(pool, getting()) == "200 hello" ? 1 : 0;
  };
  for (int i = 0; i < 50; ++i) asio::co_spawn(context, ask(), asio::detached);
  context.run();
  EXPECT_EQ(answered, 500);
  EXPECT_LE(this->server_.accepted(), 2U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

// --- TLS ---------------------------------------------------------------------------------------------------

void answer_over_tls(SSL* session) {
  std::array<char, 4096> request;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  while (SSL_read(session, request.data(), static_cast<int>(request.size())) > 0) {
    SSL_write(session, answer.data(), static_cast<int>(answer.size()));
  }
}

TEST(AsioHttpOverTls, KeepsAConnectionAndSaysGoodbye) {
  const TlsServer server({.talk = &answer_over_tls});
  auto trusting = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  trusting->load_verify_file(TlsCertificates::shared().certificate("ca"));
  trusting->set_verify_mode(asio::ssl::verify_peer);
  const auto layer = [trusting](asio::ip::tcp::socket socket) {
    TlsStream stream(std::move(socket), *trusting);
    stream.set_verify_callback(asio::ssl::host_name_verification("localhost"));
    return stream;
  };
  using Connector = carpool::AsioConnector<AsioHttp<TlsStream>>;
  RunningContext running;
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
      Connector(running.executor(), {.host = "localhost", .port = server.port(), .layer = layer}), {.max_size = 1});
  const auto visit = [&]() -> asio::awaitable<std::string> {
    auto lease = co_await carpool::co_acquire(pool);
    const auto response = co_await lease->send(getting());
    co_return response.body();
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(running.await(visit()), "hello");
  EXPECT_EQ(server.handshakes(), 1U);
  EXPECT_EQ(pool.drain(10s), 0U);
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return pool.stats().size() == 0 && server.goodbyes() == 1; }));
}

TEST(AsioHttpOptions, AreValidated) {
  EXPECT_THROW(AsioHttp<>{}.validate(), std::invalid_argument);
  EXPECT_THROW((AsioHttp<>{.host = "a", .port = 0}.validate()), std::invalid_argument);
  EXPECT_THROW((AsioHttp<TlsStream>{.host = "a"}.validate()), std::invalid_argument);
  EXPECT_NO_THROW((AsioHttp<>{.host = "a"}.validate()));
  EXPECT_EQ((AsioHttp<>{.host = "::1", .port = 81}.describe()), "[::1]:81");
}

}  // namespace

// needs: asio thread_backend tls_connector
// sanitizers: not thread
// A stream of Boost.Asio's over TLS that knows whether it is torn, and its goodbye.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_stream.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "eventually.hpp"
#include "time_of.hpp"
#include "tls_server.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using Backend = carpool::ThreadBackend;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

/// How a program of one's own speaks TLS: verified by name.
struct Tls {
  using Connection = carpool::AsioStream<TlsStream>;
  std::string host = "localhost";
  std::uint16_t port = 0;
  std::shared_ptr<asio::ssl::context> context = trusting();

  static std::shared_ptr<asio::ssl::context> trusting() {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    made->load_verify_file(TlsCertificates::shared().certificate("ca"));
    made->set_verify_mode(asio::ssl::verify_peer);
    return made;
  }
  asio::awaitable<Connection> connect(asio::any_io_executor where) const {
    return Connection::connect(std::move(where), host, port, [this](asio::ip::tcp::socket socket) {
      TlsStream stream(std::move(socket), *context);
      SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
      stream.set_verify_callback(asio::ssl::host_name_verification(host));
      return stream;
    });
  }
};
using Connector = carpool::AsioConnector<Tls>;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector>;
static_assert(carpool::recognised<Connector, Backend>().invalidate);
static_assert(carpool::recognised<Connector, Backend>().reusable);

class AsioTlsStream : public testing::Test {
 protected:
  AsioTlsStream() : thread_([this] { context_.run(); }) {}
  ~AsioTlsStream() override {
    guard_.reset();
    thread_.join();
  }
  [[nodiscard]] Connector connector(const TlsServer& server) {
    return Connector(context_.get_executor(), {.port = server.port()});
  }
  std::string exchange(Pool& pool, std::string line) {
    const auto visit = [&]() -> asio::awaitable<std::string> {
      auto lease = co_await carpool::co_acquire(pool);
      co_await lease->write_all(asio::buffer(line));
      co_return co_await lease->read_until("\n");
    };
    return asio::co_spawn(context_, visit(), asio::use_future).get();
  }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(context_);
  std::thread thread_;
};

TEST_F(AsioTlsStream, ExchangesAndIsPooled) {
  const TlsServer server;
  Pool pool(connector(server), {.max_size = 1});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(exchange(pool, "hello\n"), "hello");
  EXPECT_EQ(server.handshakes(), 1U);
  EXPECT_EQ(server.asked_for(), "localhost");
  EXPECT_EQ(pool.drain(10s), 0U);
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().size() == 0 && server.goodbyes() == 1; }));
}

// What a server of TLS 1.3 sends after the handshake is no end and no word.
TEST_F(AsioTlsStream, StaysConnectedWhenTicketsCome) {
  const TlsServer server;
  Pool pool(connector(server), {.max_size = 2});
  ASSERT_EQ(pool.prewarm(2, 10s), 2U);
  Backend::sleep_until(Backend::now() + 50ms);
  EXPECT_EQ(exchange(pool, "hello\n"), "hello");
  EXPECT_EQ(server.handshakes(), 2U);
}

TEST_F(AsioTlsStream, IsNotPooledWhereTheServerSaysMore) {
  TlsServerManners manners;
  manners.talk = [](SSL* session) {
    char byte = 0;
    while (SSL_read(session, &byte, 1) == 1) {
      if (byte == '\n') SSL_write(session, "a\nb\n", 4);
    }
  };
  const TlsServer server(manners);
  Pool pool(connector(server), {.max_size = 1});
  EXPECT_EQ(exchange(pool, "hello\n"), "a");
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().size() == 0; }));
}

// Also where what more there is has been read from the socket, and not from the layer.
TEST_F(AsioTlsStream, SeesWhatItsLayerHolds) {
  TlsServerManners manners;
  manners.talk = [](SSL* session) {
    char byte = 0;
    while (SSL_read(session, &byte, 1) == 1) SSL_write(session, "ab", 2);
  };
  const TlsServer server(manners);
  Pool pool(connector(server), {.max_size = 1});
  auto lease = pool.acquire();
  asio::io_context here;
  const auto half = [&]() -> asio::awaitable<std::string> {
    co_await lease->write_all(asio::buffer("?", 1));
    co_return co_await lease->read_exactly(1);
  };
  auto answer = asio::co_spawn(here, half(), asio::use_future);
  here.run();
  EXPECT_EQ(answer.get(), "a");
  EXPECT_FALSE(lease->reusable());
  EXPECT_FALSE(lease->is_connected());
}

TEST_F(AsioTlsStream, IsDeadWhenTheServerHasLeft) {
  const TlsServer server;
  Pool pool(connector(server), {.max_size = 1});
  auto lease = pool.acquire();
  EXPECT_TRUE(lease->is_connected());
  lease.release();
  const TlsServer leaving({.ends_after_handshake = true});
  Pool other(connector(leaving), {.max_size = 1, .connect_attempts = 1});
  EXPECT_TRUE(eventually<Backend>([&] { return other.prewarm(1, 1s) == 1 || leaving.handshakes() > 0; }));
  EXPECT_TRUE(eventually<Backend>([&] { return !other.try_acquire(); }));
}

// A server that does not answer the goodbye.
TEST_F(AsioTlsStream, SaysGoodbyeWithinTheDeadline) {
  std::atomic<bool> over = false;
  TlsServerManners manners;
  manners.talk = [&](SSL*) {
    while (!over) Backend::sleep_until(Backend::now() + 1ms);
  };
  const TlsServer server(manners);
  Pool pool(connector(server), {.max_size = 1, .close_timeout = 50ms});
  pool.acquire().release();
  const auto took = time_of<Backend>([&] {
    EXPECT_EQ(pool.drain(10s), 0U);
    EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().size() == 0; }));
  });
  EXPECT_GE(took, 40ms);
  EXPECT_LT(took, 2s);
  over = true;
}

TEST_F(AsioTlsStream, RefusesTheCertificateOfAnother) {
  const TlsServer server({.certificate = "other"});
  Pool pool(connector(server), {.connect_attempts = 1});
  try {
    (void)pool.acquire();
    ADD_FAILURE() << "that is another server";
  } catch (const carpool::ConnectError& error) {
    EXPECT_TRUE(contains(error.what(), "certificate verify failed")) << error.what();
  }
}

}  // namespace

// needs: asio tls_connector
// Protocols of one's own for AsioConnector: a line protocol over TCP, and the same over TLS.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_stream.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>

namespace asio = boost::asio;

struct Lines {
  using Connection = carpool::AsioStream<>;  // over asio::ip::tcp::socket
  std::string host;
  std::uint16_t port;

  asio::awaitable<Connection> connect(asio::any_io_executor where) const {
    return Connection::connect(where, host, port);  // each address in turn
  }
  asio::awaitable<bool> ping(Connection& connection) const {
    co_await connection.write_all(asio::buffer("PING\n", 5));
    co_return co_await connection.read_until("\n") == "PONG";
  }
};

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::AsioConnector<Lines>>;

asio::awaitable<std::string> ask(Pool& pool, std::string question) {
  auto lease = co_await carpool::co_acquire(pool);
  co_await lease->write_all(asio::buffer(question));
  co_return co_await lease->read_until("\n");
}

void open(asio::io_context& context) {
  Pool pool(carpool::AsioConnector<Lines>(context.get_executor(), {"lines.example", 7000}), {.max_size = 8});
}

using Tls = asio::ssl::stream<asio::ip::tcp::socket>;

struct SecretLines {
  using Connection = carpool::AsioStream<Tls>;
  std::string host;
  std::uint16_t port;
  asio::ssl::context* context;

  asio::awaitable<Connection> connect(asio::any_io_executor where) const {
    return Connection::connect(where, host, port, [this](asio::ip::tcp::socket socket) {
      Tls stream(std::move(socket), *context);
      SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
      stream.set_verify_callback(asio::ssl::host_name_verification(host));
      return stream;  // the handshake is the connector's
    });
  }
};
static_assert(carpool::ConnectorFor<carpool::AsioConnector<SecretLines>, carpool::ThreadBackend>);

// needs: asio thread_backend tls_connector
// HTTP and HTTPS by coroutines of Boost.Asio.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_http.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>
#include <utility>

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Tls = asio::ssl::stream<asio::ip::tcp::socket>;
using Connector = carpool::AsioConnector<carpool::AsioHttp<Tls>>;  // AsioHttp<> without TLS
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

asio::awaitable<std::string> fetch(Pool& pool, std::string path) {
  auto lease = co_await carpool::co_acquire(pool);
  const http::response<http::string_body> answer =
      co_await lease->send(http::request<http::empty_body>(http::verb::get, path, 11));
  co_return answer.body();
}

void open(asio::io_context& context, asio::ssl::context& trusted) {
  const std::string host = "api.example";
  const auto layer = [&trusted, host](asio::ip::tcp::socket socket) {
    Tls stream(std::move(socket), trusted);
    SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    stream.set_verify_callback(asio::ssl::host_name_verification(host));
    return stream;
  };
  Pool pool(Connector(context.get_executor(), {.host = host, .port = 443, .layer = layer}), {.max_size = 8});
}

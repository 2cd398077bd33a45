/// Connections to an HTTP/1.1 server that live on an executor of Boost.Asio's: Boost.Beast's messages, kept alive.
#pragma once

#include <carpool/asio_stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// Kept from request to request for as long as the server allows. Law 10 for coroutines: each request marks the
/// connection, and takes the mark away only where its answer was whole. So an error, a cancellation, and a frame that
/// is destroyed in the middle leave a connection that no pool keeps.
///
/// Stream:   asio::ip::tcp::socket, or a layer over it, as for AsioStream.
/// Errors:   boost::system::system_error: http::error::end_of_stream where the server had ended the connection before
///           any of the answer came, http::error::body_limit where the answer is longer than max_body_bytes. An answer
///           is an answer, whatever its status. Redirects are not followed.
/// Threads:  one coroutine at a time, on any executor. There are no deadlines: cancel the operation.
/// Lifetime: a coroutine of this connection must end before the connection does. Within a pool this is the lease's.
template <class Stream = boost::asio::ip::tcp::socket>
class AsioHttpConnection : public detail::AsioGracefulEnd<AsioHttpConnection<Stream>, Stream> {
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  template <class Body>
  using Request = boost::beast::http::request<Body>;
  template <class Body>
  using Response = boost::beast::http::response<Body>;

 public:
  /// By AsioHttp. authority: the Host of each request that names none.
  AsioHttpConnection(AsioStream<Stream> stream, std::string authority, std::uint64_t max_body_bytes)
      : stream_(std::move(stream)), authority_(std::move(authority)), max_body_bytes_(max_body_bytes) {}

  /// Sends it, with the length of its body, and reads the whole answer.
  template <class ResponseBody = boost::beast::http::string_body, class RequestBody>
  Awaitable<Response<ResponseBody>> send(Request<RequestBody> request) {
    if (request.find(boost::beast::http::field::host) == request.end()) {
      request.set(boost::beast::http::field::host, authority_);
    }
    request.prepare_payload();
    co_return co_await stream_.exchange(ask<ResponseBody>(request));
  }

  /// How many requests have been answered.
  [[nodiscard]] std::uint64_t exchanges() const noexcept { return exchanges_; }
  /// For what only this kind of stream knows.
  [[nodiscard]] Stream& stream() noexcept { return stream_.stream(); }

  /// Whether the server is there and has said nothing unasked. No round trip.
  [[nodiscard]] bool is_connected() const noexcept { return is_kept_ && buffer_.size() == 0 && stream_.is_connected(); }
  /// Whether the last answer was whole and left the connection open. No system call.
  [[nodiscard]] bool reusable() const noexcept { return is_kept_ && buffer_.size() == 0 && stream_.reusable(); }
  /// What is thrown between two whole requests says nothing against the connection.
  [[nodiscard]] bool in_step() const noexcept { return reusable(); }

 private:
  template <class ResponseBody, class RequestBody>
  Awaitable<Response<ResponseBody>> ask(Request<RequestBody>& request) {
    is_kept_ = false;
    co_await boost::beast::http::async_write(stream_.stream(), request, boost::asio::use_awaitable);
    for (;;) {
      boost::beast::http::response_parser<ResponseBody> parser;
      parser.body_limit(max_body_bytes_);
      parser.skip(request.method() == boost::beast::http::verb::head);
      co_await boost::beast::http::async_read(stream_.stream(), buffer_, parser, boost::asio::use_awaitable);
      if (is_interim(parser.get().result())) continue;
      is_kept_ = request.keep_alive() && parser.keep_alive() && !ends_http(request.method(), parser.get().result());
      ++exchanges_;
      co_return parser.release();
    }
  }
  /// "100 Continue" and the like: the answer comes behind it.
  [[nodiscard]] static bool is_interim(boost::beast::http::status status) noexcept {
    return to_status_class(status) == boost::beast::http::status_class::informational &&
           status != boost::beast::http::status::switching_protocols;
  }
  /// What follows is another protocol's.
  [[nodiscard]] static bool ends_http(boost::beast::http::verb method, boost::beast::http::status status) noexcept {
    return method == boost::beast::http::verb::connect || status == boost::beast::http::status::switching_protocols;
  }

  AsioStream<Stream> stream_;
  boost::beast::flat_buffer buffer_;  // came with an answer, but after it
  std::string authority_;
  std::uint64_t max_body_bytes_;
  std::uint64_t exchanges_ = 0;
  bool is_kept_ = true;  // the server has not said, nor will say, that the connection ends
};

/// The AsioProtocol of HTTP/1.1, by Boost.Beast.
///
///   using Connector = carpool::AsioConnector<carpool::AsioHttp<>>;
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
///       Connector(context.get_executor(), {.host = "api.example"}), {.max_size = 8});
///   auto lease = co_await carpool::co_acquire(pool);
///   http::response<http::string_body> answer = co_await lease->send(
///       http::request<http::empty_body>(http::verb::get, "/", 11));
///
/// Stream: asio::ip::tcp::socket, or what `layer` returns, as asio::ssl::stream for HTTPS.
template <class Stream = boost::asio::ip::tcp::socket>
struct AsioHttp {
  using Connection = AsioHttpConnection<Stream>;  ///< what it opens

  std::string host = {};    ///< a name or a number; a number of IPv6 without brackets
  std::uint16_t port = 80;  ///< 1 to 65535
  /// Puts the layer on a connected socket, where Stream is one; see AsioStream::connect. The handshake is done for it.
  std::function<Stream(boost::asio::ip::tcp::socket)> layer = {};
  std::uint64_t max_body_bytes = std::uint64_t{64} << 20U;  ///< of an answer

  /// Looks the name up, tries each address in turn, and shakes hands where there is a layer.
  [[nodiscard]] boost::asio::awaitable<Connection> connect(boost::asio::any_io_executor where) const {
    validate();
    if constexpr (has_layer) {
      auto stream = co_await AsioStream<Stream>::connect(std::move(where), host, port, layer);
      co_return Connection(std::move(stream), authority(), max_body_bytes);
    } else {
      auto stream = co_await AsioStream<Stream>::connect(std::move(where), host, port);
      co_return Connection(std::move(stream), authority(), max_body_bytes);
    }
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return named_host() + ':' + std::to_string(port); }
  /// Throws std::invalid_argument naming the field; connect begins with it.
  void validate() const {
    if (host.empty()) throw std::invalid_argument("AsioHttp: host must not be empty");
    if (port == 0) throw std::invalid_argument("AsioHttp: port must be 1 to 65535, not 0");
    if (static_cast<bool>(layer) != has_layer) {
      throw std::invalid_argument(has_layer ? "AsioHttp: layer must be set" : "AsioHttp: a socket has no layer");
    }
  }

 private:
  [[nodiscard]] std::string named_host() const { return host.find(':') == std::string::npos ? host : '[' + host + ']'; }
  /// As a Host is written: without a port that goes without saying.
  [[nodiscard]] std::string authority() const { return port == (has_layer ? 443 : 80) ? named_host() : describe(); }

  static constexpr bool has_layer = !std::is_same_v<Stream, boost::asio::ip::tcp::socket>;
};

}  // namespace carpool::inline v0_1

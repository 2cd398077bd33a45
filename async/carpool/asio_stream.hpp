/// A byte stream of Boost.Asio's that knows whether it is in the middle of something: TCP, or a layer such as TLS.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace carpool::inline v0_1 {

namespace detail {

/// What a stream over a layer that can close gracefully, as TLS does, has besides.
template <class Stream, class Layer>
struct AsioGracefulEnd {};
// clang-format off
template <class Stream, class Layer>
  requires requires(Layer& layer) { layer.async_shutdown(boost::asio::use_awaitable); }
struct AsioGracefulEnd<Stream, Layer> {
  /// Tells the peer that the stream ends on purpose, and waits until it ends its half.
  boost::asio::awaitable<void> invalidate() {
    co_await static_cast<Stream&>(*this).stream().async_shutdown(boost::asio::use_awaitable);
  }
};
// clang-format on

}  // namespace detail

/// Law 10 for coroutines: each operation marks the stream torn, and takes the mark away only when it ended well. So an
/// error, a cancellation, and a frame that is destroyed in the middle leave a stream that no pool keeps, though no
/// exception may be in flight.
///
/// Stream:   asio::ip::tcp::socket, or a layer over it that has lowest_layer(), as asio::ssl::stream.
/// Errors:   boost::system::system_error; asio::error::eof where the peer ended the stream.
/// Threads:  one coroutine at a time, on any executor. There are no deadlines: cancel the operation.
/// Lifetime: a coroutine of this stream must end before the stream does. Within a pool this is the lease's coroutine.
template <class Stream = boost::asio::ip::tcp::socket>
class AsioStream : public detail::AsioGracefulEnd<AsioStream<Stream>, Stream> {
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

 public:
  /// Takes a connected stream over. Does no I/O.
  explicit AsioStream(Stream stream) : stream_(std::move(stream)) {}

  /// Looks the name up and tries each address in turn.
  static Awaitable<AsioStream> connect(boost::asio::any_io_executor where, std::string host, std::uint16_t port)
    requires std::is_same_v<Stream, boost::asio::ip::tcp::socket>
  {
    boost::asio::ip::tcp::resolver resolver(where);
    const auto found = co_await resolver.async_resolve(host, std::to_string(port), boost::asio::use_awaitable);
    boost::asio::ip::tcp::socket socket(where);
    co_await boost::asio::async_connect(socket, found, boost::asio::use_awaitable);
    socket.set_option(boost::asio::ip::tcp::no_delay(true));
    co_return AsioStream(std::move(socket));
  }
  /// Then puts the layer on it, a Stream that layer(socket) returns, and shakes hands as its client. Whose certificate
  /// is asked for, and how it is verified, is the layer's: SSL_set_tlsext_host_name, set_verify_callback.
  template <class Layer>
  static Awaitable<AsioStream> connect(boost::asio::any_io_executor where, std::string host, std::uint16_t port,
                                       Layer layer) {
    using Tcp = AsioStream<boost::asio::ip::tcp::socket>;
    Tcp tcp = co_await Tcp::connect(where, std::move(host), port);
    Stream stream = layer(std::move(tcp.stream()));
    co_await stream.async_handshake(Stream::client, boost::asio::use_awaitable);
    co_return AsioStream(std::move(stream));
  }

  /// Sends all of it, or throws having sent an unknown part.
  template <class Buffers>
  Awaitable<void> write_all(Buffers from) {
    const bool was_torn = std::exchange(torn_, true);
    co_await boost::asio::async_write(stream_, from, boost::asio::use_awaitable);
    torn_ = was_torn;
    reply_due_ = true;
  }
  /// What has come, at least one byte.
  Awaitable<std::size_t> read_some(boost::asio::mutable_buffer into) {
    if (!unread_.empty()) co_return take(into);
    const bool was_torn = std::exchange(torn_, true);
    const std::size_t got = co_await stream_.async_read_some(into, boost::asio::use_awaitable);
    ended_well(was_torn);
    co_return got;
  }
  /// Fills `into`, or throws.
  Awaitable<void> read_exactly(boost::asio::mutable_buffer into) {
    into += take(into);
    if (into.size() == 0) co_return;
    const bool was_torn = std::exchange(torn_, true);
    co_await boost::asio::async_read(stream_, into, boost::asio::use_awaitable);
    ended_well(was_torn);
  }
  /// The next `size` bytes.
  Awaitable<std::string> read_exactly(std::size_t size) {
    std::string text(size, '\0');
    co_await read_exactly(boost::asio::buffer(text));
    co_return text;
  }
  /// The bytes before the delimiter, which is taken off the stream too. asio::error::not_found where it is not among
  /// the first max_bytes.
  Awaitable<std::string> read_until(std::string delimiter, std::size_t max_bytes = 65536) {
    const bool was_torn = std::exchange(torn_, true);
    const std::size_t length = co_await boost::asio::async_read_until(
        stream_, boost::asio::dynamic_buffer(unread_, max_bytes), delimiter, boost::asio::use_awaitable);
    ended_well(was_torn);
    std::string text = unread_.substr(0, length - delimiter.size());
    unread_.erase(0, length);
    co_return text;
  }

  /// A whole exchange of another library's over stream(), such as Boost.Beast's: the stream is torn unless it ends
  /// well.
  ///   co_await connection.exchange(http::async_write(connection.stream(), request, asio::use_awaitable));
  template <class T>
  Awaitable<T> exchange(Awaitable<T> operation) {
    const bool was_torn = std::exchange(torn_, true);
    if constexpr (std::is_void_v<T>) {
      co_await std::move(operation);
      ended_well(was_torn);
    } else {
      T result = co_await std::move(operation);
      ended_well(was_torn);
      co_return result;
    }
  }
  /// The last write is one that the peer does not answer.
  void expect_no_reply() noexcept { reply_due_ = false; }

  /// Whether the peer is there and nothing unread has come. No round trip. Of a layer that has not read yet, what has
  /// come may be its own, as the tickets of TLS 1.3 are, and does not count.
  [[nodiscard]] bool is_connected() const noexcept { return unread_.empty() && !layer_has_unread() && is_quiet(); }
  /// Whether the last exchange was whole: no operation failed or was torn off, the last write has been answered, and no
  /// byte lies unread in the buffer. No system call.
  [[nodiscard]] bool reusable() const noexcept {
    return !torn_ && !reply_due_ && unread_.empty() && !layer_has_unread();
  }
  /// What is thrown between two whole exchanges says nothing against the stream.
  [[nodiscard]] bool in_step() const noexcept { return reusable(); }

  /// For what only this kind of stream knows. Who reads or writes through it does so within exchange().
  [[nodiscard]] Stream& stream() noexcept { return stream_; }

 private:
  static constexpr bool is_layer = !std::is_same_v<Stream, boost::asio::ip::tcp::socket>;

  void ended_well(bool was_torn) noexcept {
    torn_ = was_torn;
    reply_due_ = false;
    has_read_ = true;
  }
  std::size_t take(boost::asio::mutable_buffer into) noexcept {
    const std::size_t count = boost::asio::buffer_copy(into, boost::asio::buffer(unread_));
    unread_.erase(0, count);
    return count;
  }
  /// Asio's sockets tell their descriptor to no const user.
  [[nodiscard]] Stream& as_mutable() const noexcept { return const_cast<Stream&>(stream_); }

  [[nodiscard]] bool is_quiet() const noexcept {
    const int descriptor = as_mutable().lowest_layer().native_handle();
    if (descriptor < 0) return false;
    pollfd asked{.fd = descriptor, .events = POLLIN | POLLRDHUP, .revents = 0};
    while (::poll(&asked, 1, 0) < 0) {
      if (errno != EINTR) return false;
    }
    return asked.revents == 0 || (asked.revents == POLLIN && is_layer && !has_read_);
  }
  /// Of TLS: what has been read from the socket and not yet asked for. Found by the type that OpenSSL's functions take,
  /// so that this header does not need OpenSSL.
  [[nodiscard]] bool layer_has_unread() const noexcept {
    if constexpr (requires(Stream& layer) { SSL_has_pending(layer.native_handle()); }) {
      const auto session = as_mutable().native_handle();
      return session != nullptr && (SSL_has_pending(session) != 0 || BIO_ctrl_pending(SSL_get_rbio(session)) != 0);
    } else {
      return false;
    }
  }

  Stream stream_;
  std::string unread_;      // came with a line, but after it
  bool torn_ = false;       // an operation began and did not end well
  bool reply_due_ = false;  // the last operation was a write
  bool has_read_ = false;
};

/// The AsioProtocol of a plain TCP stream: what AsioConnector needs, and no more.
struct AsioTcp {
  using Connection = AsioStream<boost::asio::ip::tcp::socket>;  ///< what it opens

  std::string host = {};   ///< a name or a number
  std::uint16_t port = 0;  ///< 1 to 65535

  /// Looks the name up and tries each address in turn.
  [[nodiscard]] boost::asio::awaitable<Connection> connect(boost::asio::any_io_executor where) const {
    return Connection::connect(std::move(where), host, port);
  }
  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return host + ':' + std::to_string(port); }
};

}  // namespace carpool::inline v0_1

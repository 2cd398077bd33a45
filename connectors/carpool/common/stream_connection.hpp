/// A byte stream to a peer, as TcpConnector and UnixConnector open it: exact reads, lines, and a clean bill of health.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// What a stream connection keeps to.
struct StreamOptions {
  Duration io_timeout = std::chrono::seconds(30);  ///< bounds each operation that is given no deadline of its own
  bool one_way = false;  ///< the peer never answers, so a lease may end on a write and still be reused
};

namespace detail {

/// What a stream over a socket that can close gracefully, as TLS does, has besides.
template <class Stream, class Socket>
struct GracefulEnd {};
// clang-format off
template <class Stream, class Socket>
  requires requires(Socket& socket, TimePoint deadline) { socket.close_gracefully(deadline); }
struct GracefulEnd<Stream, Socket> {
  /// Tells the peer that the stream ends on purpose; the peer may keep the session for the next connection.
  void invalidate(TimePoint deadline) { static_cast<Stream&>(*this).socket().close_gracefully(deadline); }
};
// clang-format on

}  // namespace detail

/// Reads and writes with one deadline per operation, default io_timeout from its start.
///
/// Errors:   std::system_error naming the operation and the peer; std::errc::timed_out at the deadline,
///           std::errc::connection_reset where the peer ended the stream too early, std::errc::message_size where
///           read_until finds no delimiter. After any of them the connection is not reusable.
/// Threads:  one worker at a time.
template <class Backend, class SocketType = typename Backend::Socket>
class StreamConnection : public detail::GracefulEnd<StreamConnection<Backend, SocketType>, SocketType> {
 public:
  using Socket = SocketType;  ///< Backend::Socket, TlsSocket or either

  /// Takes a connected socket over, which its own destructor closes. Does no I/O.
  explicit StreamConnection(Socket socket, StreamOptions options = {}) noexcept
      : socket_(std::move(socket)), options_(options) {}

  /// What has come, at least one byte, at most the size of into; 0 where the peer has ended the stream (or into is
  /// empty). After the end the connection is not reusable.
  std::size_t read_some(std::span<std::byte> into, std::optional<TimePoint> deadline = {}) {
    if (into.empty()) return 0;
    if (const std::size_t ready = take(into); ready > 0) return ready;
    return receive(into, until(deadline));
  }

  /// Fills into, or throws.
  void read_exactly(std::span<std::byte> into, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    const std::size_t wanted = into.size();
    into = into.subspan(take(into));
    while (!into.empty()) {
      const std::size_t got = receive(into, end);
      if (got == 0)
        fail_ended("after " + std::to_string(wanted - into.size()) + " of " + std::to_string(wanted) + " bytes");
      into = into.subspan(got);
      if (!into.empty()) check_time(end, "read from");
    }
  }

  /// The next size bytes.
  [[nodiscard]] std::string read_exactly(std::size_t size, std::optional<TimePoint> deadline = {}) {
    std::string text(size, '\0');
    read_exactly(std::as_writable_bytes(std::span(text)), deadline);
    return text;
  }

  /// The bytes before the delimiter, which is taken off the stream too. At most max_bytes are read in search of it.
  [[nodiscard]] std::string read_until(std::string_view delimiter, std::size_t max_bytes = 65536,
                                       std::optional<TimePoint> deadline = {}) {
    if (delimiter.empty()) throw std::invalid_argument("read_until: the delimiter must not be empty");
    const TimePoint end = until(deadline);
    for (std::size_t searched = 0;;) {
      const std::size_t found = std::string_view(unread_).find(delimiter, searched);
      if (found != std::string::npos && found + delimiter.size() <= max_bytes) return cut(found, delimiter.size());
      if (unread_.size() >= max_bytes) fail_undelimited(max_bytes);
      searched = unread_.size() - std::min(unread_.size(), delimiter.size() - 1);
      if (!unread_.empty()) check_time(end, "read from");
      fetch(max_bytes - unread_.size(), end);
    }
  }

  /// Sends all of it, or throws having sent an unknown part.
  void write_all(std::span<const std::byte> from, std::optional<TimePoint> deadline = {}) {
    if (from.empty()) return;  // which nobody will answer
    const TimePoint end = until(deadline);
    const bool doubted = std::exchange(in_doubt_, true);
    while (!from.empty()) {
      from = from.subspan(socket_.write_some(from, end));
      if (!from.empty()) check_time(end, "write to");
    }
    in_doubt_ = doubted;
    reply_due_ = !options_.one_way;
  }
  void write_all(std::string_view text, std::optional<TimePoint> deadline = {}) {
    write_all(std::as_bytes(std::span(text)), deadline);
  }

  /// Whether the peer is there and nothing unread has come. No round trip.
  [[nodiscard]] bool is_connected() const noexcept { return unread_.empty() && socket_.is_connected(); }

  /// Whether the last exchange was whole: no operation failed or was torn off, the last write has been answered,
  /// and no byte lies unread in the buffer. No system call.
  [[nodiscard]] bool reusable() const noexcept { return !in_doubt_ && !reply_due_ && unread_.empty(); }

  /// The descriptor, for poll and getsockopt; still owned by the connection.
  [[nodiscard]] int native_handle() const noexcept { return socket_.native_handle(); }

  /// For what only this kind of socket knows. Whoever reads or writes through it answers for what is left unread.
  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] const Socket& socket() const noexcept { return socket_; }

  /// "127.0.0.1:6379"
  [[nodiscard]] std::string peer() const { return socket_.peer().to_string(); }

  /// Closes the descriptor and says nothing to the peer.
  void close() noexcept { socket_.close(); }

  /// In a forked child: the parent's connection goes on as if nothing had happened.
  void abandon() noexcept { close(); }

 private:
  [[nodiscard]] TimePoint until(std::optional<TimePoint> deadline) const {
    return deadline ? *deadline : after(Backend::now(), options_.io_timeout);
  }

  /// From the buffer, which only read_until fills.
  std::size_t take(std::span<std::byte> into) noexcept {
    const std::size_t count = std::min(into.size(), unread_.size());
    if (count == 0) return 0;
    std::copy_n(std::as_bytes(std::span(unread_)).begin(), count, into.begin());
    unread_.erase(0, count);
    return count;
  }

  std::string cut(std::size_t length, std::size_t delimiter) {
    std::string text = unread_.substr(0, length);
    unread_.erase(0, length + delimiter);
    return text;
  }

  /// From the peer. Whatever leaves this function by a throw, an interruption too, leaves the connection in doubt, and
  /// so it stays: what is read after a time-out may be the answer that came too late.
  std::size_t receive(std::span<std::byte> into, TimePoint deadline) {
    const bool doubted = std::exchange(in_doubt_, true);
    const std::size_t got = socket_.read_some(into, deadline);
    if (got == 0) return 0;
    in_doubt_ = doubted;
    reply_due_ = false;
    return got;
  }

  void fetch(std::size_t room, TimePoint deadline) {
    constexpr std::size_t chunk = 4096;
    const std::size_t before = unread_.size();
    unread_.resize(before + std::min(room, chunk));
    std::size_t got = 0;
    const Shrink shrink{unread_, before, got};
    got = receive(std::as_writable_bytes(std::span(unread_)).subspan(before), deadline);
    if (got == 0) fail_ended("before the delimiter");
  }

  /// The buffer holds what came, no more, even where receive throws.
  struct Shrink {
    std::string& buffer;
    std::size_t before;
    const std::size_t& got;
    ~Shrink() { buffer.resize(before + got); }
  };

  void check_time(TimePoint deadline, const char* operation) {
    if (deadline == never || Backend::now() < deadline) return;
    fail(std::errc::timed_out, operation, "");
  }
  [[noreturn]] void fail_ended(const std::string& where) {
    fail(std::errc::connection_reset, "read from", ": the peer ended the stream " + where);
  }
  [[noreturn]] void fail_undelimited(std::size_t max_bytes) {
    fail(std::errc::message_size, "read from", ": no delimiter within " + std::to_string(max_bytes) + " bytes");
  }
  [[noreturn]] void fail(std::errc code, const char* operation, const std::string& detail) {
    in_doubt_ = true;
    throw std::system_error(std::make_error_code(code), std::string(operation) + ' ' + peer() + detail);
  }

  Socket socket_;
  StreamOptions options_;
  std::string unread_;      ///< came with a line, but after it
  bool in_doubt_ = false;   ///< an operation began and did not end well: the stream may be anywhere
  bool reply_due_ = false;  ///< the last operation was a write and the peer answers writes
};

}  // namespace carpool::inline v0_1

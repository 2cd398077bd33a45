/// A Redis server's end of the line: commands go out, replies come in, and it is known how many are due.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/redis/detail/parser.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/socket.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace carpool::inline v0_1::detail {

/// Once an operation on it has failed, nothing more is sent: a reply that comes late would be the next command's.
///
/// Errors:   std::system_error naming the operation and the peer (std::errc::timed_out at a deadline,
///           std::errc::connection_reset at the stream's end, std::errc::not_connected after a failure),
///           RedisProtocolError.
/// Threads:  one worker at a time.
template <class Backend>
class RedisStream {
 public:
  using Plain = StreamConnection<Backend>;
  using Encrypted = StreamConnection<Backend, TlsSocket<Backend>>;
  using Socket = std::variant<Plain, Encrypted>;

  RedisStream(Socket socket, RedisLimits limits)
      : socket_(std::move(socket)), parser_(std::make_unique<RedisParser>(limits)) {}

  /// replies: how many these commands are answered with.
  void send(std::string_view commands, std::size_t replies, TimePoint deadline) {
    require_sound();
    pending_ += replies;
    broken_ = true;
    std::visit([&](auto& socket) { socket.write_all(commands, deadline); }, socket_);
    broken_ = false;
    awaited_ = true;
  }

  /// The reply that is due next.
  [[nodiscard]] RedisReply receive(TimePoint deadline) {
    require_sound();
    RedisReply reply = next(deadline);
    answered(1);
    return reply;
  }
  void answered(std::size_t replies) noexcept { pending_ -= std::min(replies, pending_); }

  /// What comes next: a reply that is due, of which answered() is to be told, or a message.
  [[nodiscard]] RedisReply receive_any(TimePoint deadline) {
    require_sound();
    return next(deadline);
  }
  /// The same; nothing at the deadline, which then breaks nothing.
  [[nodiscard]] std::optional<RedisReply> receive_unless_late(TimePoint deadline) {
    require_sound();
    try {
      return next(deadline);
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::timed_out) throw;
    }
    broken_ = false;
    return std::nullopt;
  }

  /// Whether the time is up; for those who take whatever comes until something particular does. A server that never
  /// pauses makes no read wait.
  [[nodiscard]] static bool late(TimePoint deadline) noexcept {
    return deadline != never && Backend::now() >= deadline;
  }
  /// What comes next may be anything then.
  void give_up_if_late(TimePoint deadline) {
    if (!late(deadline)) return;
    broken_ = true;
    check_time(deadline);
  }

  [[nodiscard]] bool is_connected() const noexcept {
    return std::visit([](const auto& socket) { return socket.is_connected(); }, socket_);
  }
  /// Nothing failed, no reply is due, and no byte has come that belongs to nobody.
  [[nodiscard]] bool settled() const noexcept { return !broken_ && pending_ == 0 && parser_->empty(); }
  /// While messages of channels may come unasked, a reply could not be told from one.
  void expect_messages(bool may_come) noexcept { messages_may_come_ = may_come; }
  [[nodiscard]] bool expects_messages() const noexcept { return messages_may_come_; }
  /// Whether a command may be sent: throws where not. A byte that belongs to nobody is the end of the connection.
  void require_quiet() {
    if (settled() && !messages_may_come_) [[likely]]
      return;
    if (messages_may_come_) throw std::logic_error("Redis: a subscribed connection takes no commands: unsubscribe");
    require_sound();
    broken_ = true;
    throw RedisProtocolError("read from " + peer() + ": the server said more than it was asked");
  }
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  [[nodiscard]] std::string peer() const {
    return std::visit([](const auto& socket) { return socket.peer(); }, socket_);
  }
  [[nodiscard]] int native_handle() const noexcept {
    return std::visit([](const auto& socket) { return socket.native_handle(); }, socket_);
  }
  void close() noexcept {
    std::visit([](auto& socket) { socket.close(); }, socket_);
  }
  /// As TlsSocket does; without TLS there is nothing to send.
  void close_gracefully(TimePoint deadline) {
    if (Encrypted* encrypted = std::get_if<Encrypted>(&socket_)) encrypted->socket().close_gracefully(deadline);
  }

 private:
  /// Small enough for a fiber's stack, large enough for what is usually said.
  static constexpr std::size_t chunk = 8192;

  void require_sound() const {
    if (!broken_) return;
    throw std::system_error(std::make_error_code(std::errc::not_connected),
                            "Redis at " + peer() + ": the connection failed before");
  }

  [[nodiscard]] RedisReply next(TimePoint deadline) {
    broken_ = true;  // until the reply is here, whatever leaves this function, an interruption too
    for (bool again = false;; again = true) {
      std::optional<RedisReply> reply = parse();
      if (reply) {
        broken_ = false;
        return std::move(*reply);
      }
      if (again) check_time(deadline);
      fetch(deadline);
    }
  }

  [[nodiscard]] std::optional<RedisReply> parse() {
    try {
      return parser_->next();
    } catch (const RedisProtocolError& error) {
      throw RedisProtocolError("read from " + peer() + ": " + error.what());
    }
  }

  void fetch(TimePoint deadline) {
    // Right after a command nothing can be there yet: waiting first saves a read that comes back empty-handed.
    if (std::exchange(awaited_, false) && std::holds_alternative<Plain>(socket_)) {
      (void)Backend::wait(native_handle(), POLLIN, deadline);
    }
    std::array<std::byte, chunk> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
    const std::size_t got = std::visit([&](auto& socket) { return socket.read_some(bytes, deadline); }, socket_);
    if (got == 0) {
      throw std::system_error(std::make_error_code(std::errc::connection_reset),
                              "read from " + peer() + ": the server ended the stream");
    }
    parser_->feed(std::span(bytes).first(got));
  }

  /// A server that says a byte now and then never makes a read wait.
  void check_time(TimePoint deadline) const {
    if (late(deadline)) throw std::system_error(std::make_error_code(std::errc::timed_out), "read from " + peer());
  }

  Socket socket_;
  std::unique_ptr<RedisParser> parser_;  ///< hiredis knows its address
  std::size_t pending_ = 0;              ///< replies that are due
  bool broken_ = false;                  ///< the stream may be anywhere
  bool messages_may_come_ = false;       ///< it is subscribed to channels
  bool awaited_ = false;                 ///< a command went out and nothing has been read since
};

}  // namespace carpool::inline v0_1::detail

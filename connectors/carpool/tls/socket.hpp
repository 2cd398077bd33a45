/// A socket of a backend with TLS on top: shaped like Backend::Socket, so whatever speaks through one speaks through
/// it.
#pragma once

#include <carpool/budget.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/context.hpp>
#include <carpool/tls/detail/engine.hpp>
#include <carpool/tls/error.hpp>
#include <carpool/tls/options.hpp>

#include <poll.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// Owns the socket and the session on it: moved, never copied. Its destructor says nothing to the peer.
///
/// Errors:   std::system_error naming the operation and the peer; std::errc::timed_out at the deadline,
///           std::errc::connection_reset where the stream ends without the peer's word for it (somebody may have cut
///           it), CertificateError where the server's certificate is not accepted.
/// Threads:  one worker at a time; it may be moved to another thread between operations.
template <class Backend>
class TlsSocket {
 public:
  using Socket = typename Backend::Socket;  ///< the TCP socket below
  using Address = typename Socket::Address;
  using Options = typename Socket::Options;  ///< of the TCP socket below

  TlsSocket() noexcept = default;

  /// Shakes hands over a connected socket. host is asked for and verified where options.server_name is empty.
  [[nodiscard]] static TlsSocket handshake(Socket socket, const TlsContext& context, const TlsOptions& options,
                                           const std::string& host, TimePoint deadline) {
    const std::string& name = options.server_name.empty() ? host : options.server_name;
    TlsSocket made(std::move(socket), context.setup<Backend>(options), name);
    made.shake_hands(name, deadline);
    context.count_handshake(made.resumed());
    // A pool connects on a worker of its own: that thread's reactor must not go on watching the socket.
    Backend::forget(made.native_handle());
    return made;
  }

  /// At least one byte, or 0 where the peer has ended the stream. into must not be empty.
  [[nodiscard]] std::size_t read_some(std::span<std::byte> into, TimePoint deadline) {
    std::size_t got = 0;
    const bool ended = !repeat([&] { return engine().read(into, got); }, deadline, "read from");
    return ended ? 0 : got;
  }

  /// How many bytes were taken: at least one, unless from is empty.
  [[nodiscard]] std::size_t write_some(std::span<const std::byte> from, TimePoint deadline) {
    std::size_t took = 0;
    if (from.empty()) return 0;
    if (!repeat([&] { return engine().write(from, took); }, deadline, "write to")) {
      throw std::system_error(std::make_error_code(std::errc::broken_pipe), named("write to"));
    }
    return took;
  }

  /// Sends TLS's close_notify, from which the peer knows that the stream was not cut off.
  void close_gracefully(TimePoint deadline) {
    (void)repeat([&] { return engine().close_notify(); }, deadline, "end the TLS session with");
  }

  /// Whether the peer is there and no data has come unread. What the server sends of its own accord after the
  /// handshake, such as session tickets, is taken in and does not count. No round trip.
  [[nodiscard]] bool is_connected() const noexcept {
    if (socket_.native_handle() < 0 || !engine_ || engine_->problem()) return false;
    if (socket_.is_connected() && !engine_->holds_something()) return true;
    return engine_->nothing_unread();
  }

  [[nodiscard]] int native_handle() const noexcept { return socket_.native_handle(); }  ///< -1 where it is closed
  [[nodiscard]] const Address& peer() const noexcept { return socket_.peer(); }         ///< Lifetime: the socket's

  /// Whether the handshake continued an earlier session.
  [[nodiscard]] bool resumed() const noexcept { return engine_ && engine_->resumed(); }
  /// "TLSv1.3"
  [[nodiscard]] std::string version() const { return engine_ ? engine_->version() : ""; }
  /// What the server chose of TlsOptions::alpn; empty: nothing.
  [[nodiscard]] std::string protocol() const { return engine_ ? engine_->protocol() : ""; }

  /// Idempotent, and silent.
  void close() noexcept {
    socket_.close();
    engine_.reset();
  }

 private:
  TlsSocket(Socket socket, std::shared_ptr<detail::TlsSetup> setup, const std::string& name)
      : socket_(std::move(socket)),
        engine_(std::make_unique<detail::TlsEngine>(std::move(setup), socket_.native_handle(), name,
                                                    socket_.peer().to_string())) {}

  void shake_hands(const std::string& name, TimePoint deadline) {
    const auto step = [this] { return engine().handshake(); };
    if (repeat(step, deadline, "TLS handshake with", name)) return;
    throw std::system_error(std::make_error_code(std::errc::connection_reset), named("TLS handshake with"));
  }

  detail::TlsEngine& engine() {
    if (engine_) return *engine_;
    throw std::system_error(std::make_error_code(std::errc::not_connected), named("use"));
  }

  /// Steps and waits until it is done: false where the peer has ended the stream.
  template <class Step>
  bool repeat(Step take_step, TimePoint deadline, const char* operation, const std::string& name = {}) {
    consume_budget<Backend>();
    for (;;) {
      const detail::TlsStep step = take_step();
      if (step == detail::TlsStep::done) return true;
      if (step == detail::TlsStep::ended) return false;
      if (step == detail::TlsStep::failed) fail(operation, name);
      const unsigned events = step == detail::TlsStep::reading ? POLLIN : POLLOUT;
      if (Backend::wait(native_handle(), events, deadline) != 0) continue;
      throw std::system_error(std::make_error_code(std::errc::timed_out), named(operation));
    }
  }

  [[noreturn]] void fail(const char* operation, const std::string& name) const {
    const std::error_code problem = engine_->problem();
    if (!engine_->distrusts()) throw std::system_error(problem, named(operation));
    throw CertificateError(problem, named(operation) + ": the certificate shown for '" + name + "' is not accepted");
  }

  [[nodiscard]] std::string named(const char* operation) const { return operation + (' ' + peer().to_string()); }

  Socket socket_;
  std::unique_ptr<detail::TlsEngine> engine_;
};

}  // namespace carpool::inline v0_1

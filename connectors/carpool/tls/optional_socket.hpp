/// A socket that may or may not have TLS on top: for protocols that are spoken over both.
#pragma once

#include <carpool/time.hpp>
#include <carpool/tls/socket.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <variant>

namespace carpool::inline v0_1 {

/// Shaped like Backend::Socket, and errors and threads are those of the one that is held.
template <class Backend>
class OptionalTlsSocket {
 public:
  using Plain = typename Backend::Socket;  ///< without TLS
  using Encrypted = TlsSocket<Backend>;    ///< after its handshake
  using Address = typename Plain::Address;

  explicit OptionalTlsSocket(Plain socket) noexcept : socket_(std::move(socket)) {}  ///< takes the socket over
  explicit OptionalTlsSocket(Encrypted socket) noexcept : socket_(std::move(socket)) {}

  /// At least one byte, or 0 where the peer has ended the stream. Waits: until the deadline.
  [[nodiscard]] std::size_t read_some(std::span<std::byte> into, TimePoint deadline) {
    return std::visit([&](auto& socket) { return socket.read_some(into, deadline); }, socket_);
  }
  /// How many bytes were taken: at least one, unless from is empty. Waits: until the deadline.
  [[nodiscard]] std::size_t write_some(std::span<const std::byte> from, TimePoint deadline) {
    return std::visit([&](auto& socket) { return socket.write_some(from, deadline); }, socket_);
  }
  /// As TlsSocket does; without TLS there is nothing to send.
  void close_gracefully(TimePoint deadline) {
    if (Encrypted* encrypted = std::get_if<Encrypted>(&socket_)) encrypted->close_gracefully(deadline);
  }

  /// As the socket that is held. No round trip.
  [[nodiscard]] bool is_connected() const noexcept {
    return std::visit([](const auto& socket) { return socket.is_connected(); }, socket_);
  }
  /// -1 where it is closed.
  [[nodiscard]] int native_handle() const noexcept {
    return std::visit([](const auto& socket) { return socket.native_handle(); }, socket_);
  }
  /// Lifetime: the socket's.
  [[nodiscard]] const Address& peer() const noexcept {
    return std::visit([](const auto& socket) -> const Address& { return socket.peer(); }, socket_);
  }
  /// Null where it is plain.
  [[nodiscard]] const Encrypted* encrypted() const noexcept { return std::get_if<Encrypted>(&socket_); }

  /// Idempotent, and silent.
  void close() noexcept {
    std::visit([](auto& socket) { socket.close(); }, socket_);
  }

 private:
  std::variant<Plain, Encrypted> socket_;
};

}  // namespace carpool::inline v0_1

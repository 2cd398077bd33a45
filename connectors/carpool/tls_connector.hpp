/// Opens TLS connections over TCP: verified by name, resumed where the server allows, all within one deadline.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/stream_connection.hpp>
#include <carpool/common/tcp_address.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/context.hpp>
#include <carpool/tls/options.hpp>
#include <carpool/tls/socket.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
///
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::TlsConnector> pool(
///       {.host = "db.example.com", .port = 8443, .tls = {.ca_file = "/etc/app/ca.pem"}}, {.max_size = 4});
///   auto lease = pool.acquire();
///   lease->write_all("hello\n");
///   std::string reply = lease->read_until("\n");
///
/// Errors:   connect throws std::invalid_argument naming the field (and the file) for a bad option, CertificateError
///           where the server is not who it should be, else std::system_error naming the host and what failed.
struct TlsConnector {
  using Address = TcpAddress;
  template <class Backend>
  using Connection = StreamConnection<Backend, TlsSocket<Backend>>;

  std::string host = {};   ///< a name or a number, without brackets; verified unless tls.server_name is set
  std::uint16_t port = 0;  ///< 1 to 65535
  TlsOptions tls = {};     ///< always spoken, from the first byte on
  bool nodelay = true;     ///< send small writes at once
  std::optional<TcpKeepalive> keepalive = TcpKeepalive{};           ///< std::nullopt: an idle peer is never asked
  std::optional<Duration> user_timeout = std::chrono::seconds(60);  ///< unacknowledged bytes for so long: an error
  Duration io_timeout = std::chrono::seconds(30);  ///< bounds each operation that is given no deadline of its own
  bool one_way = false;     ///< the peer never answers, so a lease may end on a write and still be reused
  TlsContext context = {};  ///< shared by copies: a pool's connections read the certificates once

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    auto socket = tcp().template dial<Backend>(deadline);
    return Connection<Backend>(TlsSocket<Backend>::handshake(std::move(socket), context, tls, host, deadline),
                               {.io_timeout = io_timeout, .one_way = one_way});
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return detail::address_text(host, port); }
  /// The same for another server: what TargetedConnector asks.
  [[nodiscard]] TlsConnector to(const Address& address) const {
    TlsConnector other = *this;
    other.host = address.host;
    other.port = address.port;
    return other;
  }
  /// For validate() of what has no address yet; nothing connects to it.
  [[nodiscard]] static Address any_address() { return {.host = "localhost", .port = 1}; }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    tcp().validate();
    tls.validate();
  }

 private:
  [[nodiscard]] TcpConnector tcp() const {
    return {.host = host,
            .port = port,
            .nodelay = nodelay,
            .keepalive = keepalive,
            .user_timeout = user_timeout,
            .io_timeout = io_timeout};
  }
};

}  // namespace carpool::inline v0_1

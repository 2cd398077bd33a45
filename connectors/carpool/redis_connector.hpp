/// Opens connections to Redis, and to what speaks its protocol (RESP2): over TCP, a Unix socket or TLS.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/granted_credentials.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/redis/connection.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>
#include <carpool/tls_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {

inline void require_redis(bool holds, const char* rule) {
  if (!holds) throw std::invalid_argument(std::string("RedisConnector: ") + rule);
}

}  // namespace detail

/// For designated initialisers, in this order.
///
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::RedisConnector> pool(
///       {.host = "cache.example", .password = secret, .database = 2}, {.max_size = 16});
///   auto lease = pool.acquire();
///   lease->command("SET", "greeting", "hello");
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, AuthenticationError where the
///           server refuses the credentials or the user may not SELECT, ConnectRefused where it does not have the
///           database or refuses the name, RedisError for a refusal that passes (it loads, or is full), else
///           std::system_error naming the operation and the address. None of them holds the password.
struct RedisConnector {
  template <class Backend>
  using Connection = RedisConnection<Backend>;

  std::string host = "127.0.0.1";  ///< a name or a number, without brackets
  std::uint16_t port = 6379;       ///< 1 to 65535
  std::string path = {};           ///< of a Unix socket, "@name" for an abstract one; then host and port mean nothing
  std::string user = {};           ///< empty: the server's default user
  std::string password = {};       ///< empty: none is said, unless there is a user
  int database = 0;                ///< SELECTed on connect
  std::string client_name = {};    ///< shown by CLIENT LIST; without blanks
  bool nodelay = true;             ///< send small writes at once
  std::optional<TcpKeepalive> keepalive = TcpKeepalive{};           ///< std::nullopt: an idle server is never asked
  std::optional<Duration> user_timeout = std::chrono::seconds(60);  ///< unacknowledged bytes for so long: an error
  Duration io_timeout = std::chrono::seconds(30);     ///< bounds each operation that is given no deadline of its own
  std::size_t max_reply_bytes = RedisLimits{}.bytes;  ///< of one reply
  std::size_t max_reply_elements = RedisLimits{}.elements;  ///< of all arrays of one reply
  std::size_t max_reply_depth = RedisLimits{}.depth;        ///< of arrays within arrays, 1 to 7
  std::optional<TlsOptions> tls = {};                       ///< std::nullopt: nothing is encrypted
  TlsContext tls_context = {};  ///< shared by copies: a pool's connections read the certificates once
  /// Commands, each by its words, for each new connection and again after each reset: {{"CLIENT", "NO-TOUCH", "ON"}}.
  std::vector<std::vector<std::string>> session_setup = {};
  /// Asked at each connect instead of user and password; null: these count. What expires is renewed in place: AUTH with
  /// new ones, between two leases, after 70 to 80 % of the time; a connection where that fails until the end is closed.
  CredentialsProvider credentials = {};
  std::string pool_name = {};  ///< by set_pool_name: said instead of an empty client_name, if the server allows it

  /// "redis://user:password@host:6379/2?client_name=me", "rediss://..." (TLS), "unix:///run/redis.sock?db=2".
  /// Options: db, username, password, client_name, io_timeout or socket_timeout, user_timeout, nodelay,
  /// socket_keepalive, protocol (2), max_reply_bytes, max_reply_elements, max_reply_depth; of rediss also
  /// ssl_ca_certs, ssl_ca_path, ssl_certfile, ssl_keyfile, ssl_password, ssl_cert_reqs (required or none),
  /// ssl_server_name. Throws std::invalid_argument naming what is wrong, and never the password.
  [[nodiscard]] static RedisConnector from_url(std::string_view text);

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    if (!credentials) return open<Backend>({}, deadline);
    return detail::open_with_credentials<Backend>(credentials, deadline, [&](const Credentials& given) {
      return detail::with_credentials(*this, given)
          .template open<Backend>(detail::RedisRenewal<Backend>(credentials, given.expires), deadline);
    });
  }

  /// By the pool's constructor, where the pool was given a name: CLIENT LIST shows it. What CLIENT SETNAME does not
  /// take, blanks above all, becomes '-'.
  void set_pool_name(const std::string& name) {
    pool_name = name;
    for (char& letter : pool_name) letter = letter > ' ' && letter <= '~' ? letter : '-';
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const {
    return path.empty() ? detail::address_text(host, port) : "unix:" + path;
  }

  /// Whether the server is not the master, or no longer. LOADING and MASTERDOWN are passing states, not roles.
  [[nodiscard]] bool wrong_role(const std::exception& error) const noexcept {
    const auto* refusal = dynamic_cast<const RedisError*>(&error);
    return refusal != nullptr && refusal->code() == "READONLY";
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    using detail::require_redis;
    require_redis(!host.empty() || !path.empty(), "host must not be empty, unless there is a path");
    require_redis(port != 0 || !path.empty(), "port must be 1 to 65535, not 0");
    require_redis(database >= 0, "database must be at least 0");
    require_redis(client_name.find_first_of(" \n\r\t") == std::string::npos, "client_name must have no blanks");
    require_redis(io_timeout > Duration::zero(), "io_timeout must be longer than 0");
    require_redis(max_reply_bytes >= 1, "max_reply_bytes must be at least 1");
    require_redis(max_reply_elements >= 1, "max_reply_elements must be at least 1");
    require_redis(max_reply_depth >= 1 && max_reply_depth <= RedisLimits{}.depth, "max_reply_depth must be 1 to 7");
    require_redis(!tls || path.empty(), "tls must not be set together with a path");
    for (const auto& command : session_setup) require_redis(!command.empty(), "session_setup: a command needs a word");
    if (tls) tls->validate();
  }

 private:
  template <class Backend>
  [[nodiscard]] Connection<Backend> open(detail::RedisRenewal<Backend> renewal, TimePoint deadline) const {
    Connection<Backend> connection(
        detail::RedisStream<Backend>(dial<Backend>(deadline), {max_reply_bytes, max_reply_elements, max_reply_depth}),
        detail::RedisLogin({user, password, database, client_name, pool_name, session_setup}), std::move(renewal),
        io_timeout);
    connection.log_in(deadline);
    return connection;
  }

  template <class Backend>
  [[nodiscard]] typename detail::RedisStream<Backend>::Socket dial(TimePoint deadline) const {
    if (!path.empty()) return UnixConnector{.path = path, .io_timeout = io_timeout}.template connect<Backend>(deadline);
    const TcpConnector tcp{.host = host,
                           .port = port,
                           .nodelay = nodelay,
                           .keepalive = keepalive,
                           .user_timeout = user_timeout,
                           .io_timeout = io_timeout};
    if (!tls) return tcp.template connect<Backend>(deadline);
    using Secure = TlsSocket<Backend>;
    auto socket = Secure::handshake(tcp.template dial<Backend>(deadline), tls_context, *tls, host, deadline);
    return StreamConnection<Backend, Secure>(std::move(socket), {.io_timeout = io_timeout});
  }
};

}  // namespace carpool::inline v0_1

#include <carpool/redis/url.hpp>

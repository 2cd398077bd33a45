/// Opens sessions with a MySQL or MariaDB server, over TCP, TLS or a Unix socket.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/granted_credentials.hpp>
#include <carpool/common/server_error.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/mysql/connection.hpp>
#include <carpool/mysql/detail/address_connector.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/error.hpp>
#include <carpool/mysql/options.hpp>
#include <carpool/mysql/url.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
///
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::MysqlConnector> pool(
///       {.host = "db.example", .user = "shop", .password = "...", .database = "shop"}, {.max_size = 16});
///   auto lease = pool.acquire();
///   for (auto row : lease->query("select id, name from item where price < ?", {100}))
///     std::cout << row.get<std::int64_t>("id") << ' ' << row.get<std::optional<std::string>>("name").value_or("-");
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, AuthenticationError where the
///           server refuses the credentials, ConnectRefused where there is no such database, MysqlError where it
///           refuses for another reason, else std::system_error.
/// Backends: on fibers every wait is a fiber's; only the TLS handshake is done by a helper thread.
struct MysqlConnector {
  template <class Backend>
  using Connection = MysqlConnection<Backend>;

  std::string host = "127.0.0.1";                       ///< a name or a number, without brackets
  std::uint16_t port = 3306;                            ///< 1 to 65535
  std::string unix_path = {};                           ///< if not empty, instead of host and port
  std::string user = {};                                ///< at login; no NUL
  std::string password = {};                            ///< at login; no NUL
  std::string database = {};                            ///< empty: none is chosen
  std::string charset = "utf8mb4";                      ///< of what is sent and received
  std::optional<MysqlTls> tls = {};                     ///< std::nullopt: in the clear; not with unix_path
  std::vector<std::string> session_setup = {};          ///< statements for each new session, and again after each reset
  MysqlReset reset_policy = MysqlReset::when_dirty;     ///< when a session is reset on its return
  std::size_t statement_cache = 64;                     ///< prepared statements that a session keeps
  std::size_t max_reply_bytes = std::size_t{64} << 20;  ///< of one answer; a longer one is an error
  bool multi_statements = false;                        ///< "a; b" in one query: what injections are made of
  Duration io_timeout = std::chrono::seconds(30);       ///< of each operation that is given no deadline of its own
  std::optional<Duration> max_lifetime = {};            ///< shorter than the server's or proxy's own limit
  CredentialsProvider credentials = {};  ///< asked at each connect instead of user and password; null: these count
  std::string program_name = {};         ///< a connection attribute; empty: the pool's name, if it was given one
  /// Whether the server may ask for the password as it is (mysql_clear_password), as PAM, LDAP and the cloud's IAM do.
  /// Only over tls with verify: else anybody who answers in the server's name would learn it.
  bool cleartext_password = false;

  /// Behind ProxySQL, MaxScale and the like, which hand one server session to many clients: nothing is left in a
  /// session, no statement stays prepared, and only an open transaction is rolled back. The proxy closes sessions by
  /// its own clock, so that ours must be shorter.
  [[nodiscard]] static MysqlConnector behind_proxy(MysqlConnector connector,
                                                   Duration lifetime = std::chrono::minutes(5)) {
    connector.reset_policy = MysqlReset::rollback_alone;
    connector.statement_cache = 0;
    connector.session_setup.clear();
    connector.max_lifetime = lifetime;
    return connector;
  }

  /// "mysql://user:password@host:3306/database?charset=utf8mb4", the same with mariadb://. Options: charset, unix_path,
  /// io_timeout and max_lifetime (30s, 250ms), statement_cache, max_reply_bytes, multi_statements (on, off), reset
  /// (when_dirty, always, rollback_alone), tls (on, off), tls_ca, tls_cert, tls_key, tls_verify (on, off).
  /// Throws std::invalid_argument naming what is wrong; a password is never in the message.
  [[nodiscard]] static MysqlConnector from_url(std::string_view text) {
    return detail::mysql_from_url<MysqlConnector>(text);
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    if (!credentials) return open<Backend>(never, deadline);
    return detail::open_with_credentials<Backend>(credentials, deadline, [&](const Credentials& given) {
      return detail::with_credentials(*this, given).template open<Backend>(given.expires, deadline);
    });
  }

  /// By the pool's constructor, where the pool was given a name: performance_schema.session_connect_attrs shows it.
  void set_pool_name(const std::string& name) {
    if (program_name.empty() && name.find('\0') == std::string::npos) program_name = name;
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const {
    return unix_path.empty() ? detail::address_text(host, port) : "unix:" + unix_path;
  }

  template <class Backend>
  [[nodiscard]] bool is_connected(const MysqlConnection<Backend>& connection) const noexcept {
    return connection.is_connected();
  }
  template <class Backend>
  [[nodiscard]] bool reusable(const MysqlConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }
  /// The last answer was read to its end.
  template <class Backend>
  [[nodiscard]] bool in_step(const MysqlConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }
  template <class Backend>
  [[nodiscard]] bool dirty(const MysqlConnection<Backend>& connection) const noexcept {
    return connection.dirty();
  }
  template <class Backend>
  [[nodiscard]] bool ping(MysqlConnection<Backend>& connection, TimePoint deadline) const {
    return connection.ping(deadline);
  }
  template <class Backend>
  [[nodiscard]] bool reset(MysqlConnection<Backend>& connection, TimePoint deadline) const {
    return connection.reset(deadline);
  }
  template <class Backend>
  void invalidate(MysqlConnection<Backend>& connection, TimePoint deadline) const {
    connection.close_gracefully(deadline);
  }
  /// In a forked child: the parent's session goes on as if nothing had happened.
  template <class Backend>
  void abandon(MysqlConnection<Backend>& connection) const noexcept {
    connection.close();
  }
  template <class Backend>
  [[nodiscard]] Duration lifetime(const MysqlConnection<Backend>& connection) const noexcept {
    return connection.lifetime();
  }

  /// A refusal of the server says nothing against the connection; anything else does.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(MysqlConnection<Backend>& connection, std::exception_ptr error) const {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const ServerError& refusal) {
      return connection.reusable() && !wrong_role(refusal) ? Verdict::keep : Verdict::close;
    } catch (...) {
      return Verdict::close;
    }
  }

  /// Whether the server cannot be written to: it has become a replica.
  [[nodiscard]] bool wrong_role(const std::exception& error) const noexcept {
    const auto* const refusal = dynamic_cast<const MysqlError*>(&error);
    return refusal != nullptr && detail::is_mysql_read_only(refusal->number(), refusal->what());
  }

  /// Ends the statement that session id is in the middle of, over a connection of its own; the statement's caller gets
  /// a MysqlError (1317) and keeps a good connection.
  template <class Backend>
  void cancel(std::uint64_t id, TimePoint deadline) const {
    connect<Backend>(deadline).query("KILL QUERY " + std::to_string(id), {}, deadline);
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const { detail::validate_mysql(*this); }

 private:
  template <class Backend>
  [[nodiscard]] Connection<Backend> open(TimePoint expires, TimePoint deadline) const {
    detail::MysqlAddressConnector<Backend, MysqlConnector> attempt(*this, deadline);
    auto session = attempt.session(detail::lifetime_of<Backend>(expires, max_lifetime.value_or(forever)));
    return Connection<Backend>(std::move(session));
  }
};

}  // namespace carpool::inline v0_1

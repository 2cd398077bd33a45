/// Opens connections to PostgreSQL and to what speaks its protocol, pgbouncer for one: over TCP, TLS or a Unix socket.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/granted_credentials.hpp>
#include <carpool/common/url.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/postgres/connection.hpp>
#include <carpool/postgres/detail/address_connector.hpp>
#include <carpool/postgres/detail/rules.hpp>
#include <carpool/postgres/detail/settings.hpp>
#include <carpool/postgres/options.hpp>
#include <carpool/postgres/session.hpp>
#include <carpool/time.hpp>

#include <algorithm>
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
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::PostgresConnector> pool(
///       {.host = "db.example", .user = "app", .password = secret, .database = "app",
///        .options = {{"sslmode", "verify-full"}, {"sslrootcert", "/etc/app/ca.pem"}}}, {.max_size = 16});
///   auto lease = pool.acquire();
///   int sum = lease->query("SELECT $1::int + 1", {41}).get<int>(0, 0);
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, AuthenticationError where the
///           server refuses the credentials, ConnectRefused where there is no such database, PostgresError where it
///           refuses for another reason, else std::system_error naming the host, each address that was tried and why it
///           failed. None of them holds the password.
struct PostgresConnector {
  template <class Backend>
  using Connection = PostgresConnection<Backend>;

  std::string host = "127.0.0.1";  ///< a name, a number, or the folder of a Unix socket, which begins with a slash
  std::uint16_t port = 5432;       ///< 1 to 65535
  std::string user = {};           ///< empty: as libpq chooses, PGUSER or the process's own
  std::string password = {};       ///< empty: as libpq chooses, PGPASSWORD or ~/.pgpass
  std::string database = {};       ///< empty: the one of the user's name
  /// libpq's connection parameters that may be set: see postgres/options.hpp. What is said here or above counts before
  /// the environment.
  std::vector<std::pair<std::string, std::string>> options = {};
  std::string target_session_attrs = "any";  ///< or read-write, read-only, primary, standby, prefer-standby
  PostgresReset reset_policy = PostgresReset::rollback_if_needed;  ///< on return, before the next lease
  Duration io_timeout = std::chrono::seconds(30);       ///< bounds each operation that is given no deadline of its own
  std::size_t max_reply_bytes = std::size_t{1} << 30U;  ///< over TCP; what a server may send for one command
  std::size_t max_notices = 100;                        ///< kept until take_notices(); the oldest go first
  std::optional<std::size_t> statement_cache = 100;     ///< plans per connection; std::nullopt: nothing is prepared
  bool session_state = true;  ///< false behind a pooler that gives each transaction another server
  /// Behind a pooler that may be told to PAUSE: a ping or a log-in that has no answer in time is ServerPaused, which
  /// costs no connection and opens no breaker. The ping's answer is waited for on. Callers wait until their deadlines.
  bool may_pause = false;
  /// Statements for each new connection, and again after each DISCARD ALL: {"SET statement_timeout = '5s'"}. What a
  /// lease changes of their effect stays changed, unless reset_policy is discard_all.
  std::vector<std::string> session_setup = {};
  std::optional<Duration> max_lifetime = {};  ///< shorter than a pooler's or firewall's own limit
  CredentialsProvider credentials = {};       ///< asked at each connect instead of user and password; null: these count

  /// The same for a pgbouncer in transaction mode: prepared() prepares nothing, listen() is refused, and nothing is
  /// said between two leases; one that comes back within a transaction is closed, and pgbouncer rolls it back. What
  /// SET, LOAD or a temporary table changed is another's the next moment: use SET LOCAL. pgbouncer also knows few of
  /// the startup's options. A connection ends after `lifetime`, so that a restart of the pooler or a change behind its
  /// name is followed; its server_lifetime is no concern of ours, its client_idle_timeout must be longer than our
  /// IdleTimeout. session_setup is dropped: it would be said to one of the pooler's servers and lost on the next.
  [[nodiscard]] static PostgresConnector behind_pgbouncer(PostgresConnector connector,
                                                          Duration lifetime = std::chrono::minutes(5)) {
    connector.statement_cache.reset();
    connector.session_state = false;
    connector.may_pause = true;
    connector.reset_policy = PostgresReset::none;
    connector.session_setup.clear();
    connector.max_lifetime = lifetime;
    return connector;
  }

  /// "postgres://user:password@host:port/database?sslmode=require&reset=discard_all&pgbouncer=true": libpq's
  /// parameters, and ours: reset (none, rollback_if_needed, discard_all), pgbouncer, io_timeout, max_lifetime,
  /// max_reply_bytes, statement_cache (0: nothing is prepared). host in place of the URL's own is for Unix sockets.
  /// Throws std::invalid_argument.
  [[nodiscard]] static PostgresConnector from_url(std::string_view url) { return from_url(Url::parse(url)); }
  [[nodiscard]] static PostgresConnector from_url(const Url& url) {
    return detail::postgres_from_url<PostgresConnector>(url);
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    if (!credentials) return open<Backend>(never, deadline);
    return detail::open_with_credentials<Backend>(credentials, deadline, [&](const Credentials& given) {
      return detail::with_credentials(*this, given).template open<Backend>(given.expires, deadline);
    });
  }

  /// By the pool's constructor, where the pool was given a name: libpq's fallback_application_name, which gives way to
  /// an application_name among the options and to PGAPPNAME.
  void set_pool_name(const std::string& name) {
    const auto is_name = [](const auto& option) { return option.first == "fallback_application_name"; };
    if (name.find('\0') != std::string::npos || std::any_of(options.begin(), options.end(), is_name)) return;
    options.emplace_back("fallback_application_name", name);
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const {
    return detail::is_postgres_on_unix(*this) ? detail::postgres_endpoint(*this) : detail::address_text(host, port);
  }

  template <class Backend>
  [[nodiscard]] bool is_connected(const PostgresConnection<Backend>& connection) const noexcept {
    return connection.is_connected();
  }
  template <class Backend>
  [[nodiscard]] bool reusable(const PostgresConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }
  /// The protocol says between any two commands where it stands; an operation that was cut short has said so too.
  template <class Backend>
  [[nodiscard]] bool in_step(const PostgresConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }
  template <class Backend>
  [[nodiscard]] bool dirty(const PostgresConnection<Backend>& connection) const noexcept {
    return connection.dirty();
  }
  /// An empty query.
  template <class Backend>
  bool ping(PostgresConnection<Backend>& connection, TimePoint deadline) const {
    return connection.ping(deadline);
  }
  template <class Backend>
  bool reset(PostgresConnection<Backend>& connection, TimePoint deadline) const {
    return connection.reset(deadline);
  }
  /// In a forked child: the parent's connection goes on as if nothing had happened.
  template <class Backend>
  void abandon(PostgresConnection<Backend>& connection) const noexcept {
    connection.abandon();
  }

  /// See detail/rules.hpp: where the protocol stands between two commands, whatever was thrown does no harm.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(PostgresConnection<Backend>& connection, std::exception_ptr error) const {
    const bool reusable = connection.reusable();
    return detail::postgres_verdict(reusable, std::move(error));
  }

  /// Whether the server is a standby where a primary was wanted.
  [[nodiscard]] bool wrong_role(const std::exception& error) const noexcept {
    const auto* const refusal = dynamic_cast<const PostgresError*>(&error);
    return refusal != nullptr && refusal->wrong_role();
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    using detail::require_postgres;
    require_postgres(!host.empty(), "host must not be empty");
    require_postgres(port != 0, "port must be 1 to 65535, not 0");
    require_postgres(io_timeout > Duration::zero(), "io_timeout must be longer than 0");
    require_postgres(max_reply_bytes >= 1, "max_reply_bytes must be at least 1");
    require_postgres(statement_cache != 0U, "statement_cache must be at least 1, or std::nullopt");
    require_postgres(!max_lifetime || *max_lifetime > Duration::zero(), "max_lifetime must be longer than 0");
    for (const std::string& sql : session_setup)
      require_postgres(sql.find('\0') == std::string::npos, "session_setup must not contain a NUL");
    for (const std::string* text : {&host, &user, &password, &database}) detail::refuse_nul(*text);
    detail::check_postgres_target(target_session_attrs);
    detail::check_postgres_options(options);
  }

 private:
  template <class Backend>
  [[nodiscard]] Connection<Backend> open(TimePoint expires, TimePoint deadline) const {
    const std::string endpoint = detail::postgres_endpoint(*this);
    detail::PostgresAddressConnector<Backend> attempt(endpoint, max_notices, deadline, may_pause);
    auto handle = attempt.first_to_answer(attempts<Backend>(deadline));
    const Duration lifetime = detail::lifetime_of<Backend>(expires, max_lifetime.value_or(forever));
    Connection<Backend> connection(std::move(handle), endpoint, detail::postgres_session(*this, lifetime));
    connection.set_up(deadline);
    return connection;
  }

  /// What libpq is told for each of the host's addresses.
  template <class Backend>
  [[nodiscard]] std::vector<detail::PostgresSettings> attempts(TimePoint deadline) const {
    if (detail::is_postgres_on_unix(*this)) return {detail::postgres_settings(*this)};
    std::vector<detail::PostgresSettings> all;
    for (const auto& address : Backend::Socket::resolve(host, port, deadline)) {
      all.push_back(detail::postgres_settings(*this, detail::numeric_host(address.to_string())));
    }
    return all;
  }
};

}  // namespace carpool::inline v0_1

/// Connections to PostgreSQL that live on an executor of Boost.Asio's: libpq's non-blocking calls, awaited.
#pragma once

#include <carpool/common/granted_credentials.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/errors.hpp>
#include <carpool/postgres/detail/asio_socket.hpp>
#include <carpool/postgres/detail/asio_wire.hpp>
#include <carpool/postgres/detail/result_pointer.hpp>
#include <carpool/postgres/detail/rules.hpp>
#include <carpool/postgres/detail/settings.hpp>
#include <carpool/postgres/error.hpp>
#include <carpool/postgres/parameter.hpp>
#include <carpool/postgres/result.hpp>
#include <carpool/postgres/session.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/sql/value.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <libpq-fe.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// One value for each placeholder, as {7, "seven", std::nullopt} or a vector of them. It owns them, for as long as its
/// coroutine needs them. (It is no std::initializer_list, which g++ 12 does not take within a co_await.)
class AsioPostgresParameters {
 public:
  AsioPostgresParameters() noexcept = default;
  /// Implicit.
  template <class... Values>
    requires(sizeof...(Values) > 0 && (std::convertible_to<Values, SqlValue> && ...))
  AsioPostgresParameters(Values&&... values) {
    values_.reserve(sizeof...(values));
    (values_.emplace_back(std::forward<Values>(values)), ...);
  }
  /// Implicit.
  AsioPostgresParameters(std::vector<SqlValue> values) noexcept : values_(std::move(values)) {}

  [[nodiscard]] const std::vector<SqlValue>& values() const noexcept { return values_; }  ///< Lifetime: its own

 private:
  std::vector<SqlValue> values_;
};

/// Law 10 for coroutines: each command marks the connection, and takes the mark away only when it ended well. So a
/// cancellation, and a frame that is destroyed in the middle, leave a connection that no pool keeps.
///
/// Errors:   PostgresError where the server refused: the connection goes on. std::system_error where the connection is
///           lost, boost::system::system_error where the coroutine was cancelled: the server may work on, see
///           statement_timeout. std::invalid_argument for a NUL, std::logic_error for a COPY.
/// Threads:  one coroutine at a time, on any executor. There are no deadlines: cancel the operation.
/// Lifetime: a coroutine of this connection must end before the connection does. Within a pool this is the lease's.
class AsioPostgresConnection {
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

 public:
  /// By AsioPostgres: a session that has logged in.
  AsioPostgresConnection(detail::AsioPostgresHandle handle, std::string peer, const PostgresSession& session)
      : wire_(std::move(handle), std::move(peer), session.max_reply_bytes), session_(session) {}

  /// Without parameters one or more statements: returns the last one's result. With parameters, $1 and so on, one.
  Awaitable<PostgresResult> query(std::string sql, AsioPostgresParameters parameters = {}) {
    if (parameters.values().empty()) co_return PostgresResult(co_await simple("query", std::move(sql)));
    detail::check_postgres_statement(sql);
    const detail::PostgresArguments given(parameters.values());
    used_ = true;
    const auto send = [&sql, &given](PGconn* connection) {
      return ::PQsendQueryParams(connection, sql.c_str(), given.count(), nullptr, given.values(), given.lengths(),
                                 given.formats(), 0);
    };
    co_return PostgresResult(co_await detail::exchange_by_asio(wire_, "query", send));
  }
  /// The same for rows that are of no interest: how many it inserted, updated or deleted.
  Awaitable<std::uint64_t> execute(std::string sql, AsioPostgresParameters parameters = {}) {
    const PostgresResult result = co_await query(std::move(sql), std::move(parameters));
    co_return result.affected_rows();
  }

  /// What the server has remarked since they were last taken, the newest max_notices of it.
  [[nodiscard]] std::vector<PostgresNotice> take_notices() { return wire_.handle().take_notices(); }
  /// Whether a transaction is open, be it in order or failed.
  [[nodiscard]] bool in_transaction() const noexcept { return wire_.handle().in_transaction(); }
  /// "server_version", "in_hot_standby", "TimeZone" ...: what the server tells unasked; empty where it does not.
  [[nodiscard]] std::string parameter(const std::string& name) const { return wire_.handle().parameter(name); }
  /// Of the server's.
  [[nodiscard]] int process_id() const noexcept { return ::PQbackendPID(wire_.get()); }
  [[nodiscard]] bool encrypted() const noexcept { return ::PQsslInUse(wire_.get()) != 0; }  ///< by TLS
  /// The descriptor, for poll and getsockopt; still owned by the connection.
  [[nodiscard]] int native_handle() const noexcept { return wire_.handle().descriptor(); }
  [[nodiscard]] const std::string& peer() const noexcept { return wire_.peer(); }  ///< as error texts name the server

  // --- what the pool asks ------------------------------------------------------------------------------

  /// Whether the server is there, and whatever came while nobody asked was in order.
  [[nodiscard]] bool is_connected() const noexcept { return wire_.handle().is_connected(); }
  /// No command is under way, none has been torn off, and none was refused for the server's role. No system call.
  [[nodiscard]] bool reusable() const noexcept { return detail::is_reusable(wire_.handle(), session_.reset); }
  /// What is thrown between two whole commands says nothing against the connection.
  [[nodiscard]] bool in_step() const noexcept { return reusable(); }
  [[nodiscard]] bool dirty() const noexcept {
    if (session_.reset == PostgresReset::none) return false;
    return in_transaction() || (session_.reset == PostgresReset::discard_all && used_);
  }
  [[nodiscard]] Duration lifetime() const noexcept { return session_.lifetime; }
  /// A PostgresError that announces the connection's end, or a server of the wrong role, closes it.
  [[nodiscard]] Verdict handle_exception(std::exception_ptr error) const {
    return detail::postgres_verdict(reusable(), std::move(error));
  }
  /// An empty query.
  Awaitable<bool> ping() {
    co_await detail::exchange_by_asio(wire_, "ping", [](PGconn* connection) { return ::PQsendQuery(connection, ""); });
    co_return true;
  }
  /// ROLLBACK where a transaction is open, then DISCARD ALL, as the reset_policy wants it.
  Awaitable<bool> reset() {
    if (session_.reset != PostgresReset::none && in_transaction()) co_await simple("rollback", "ROLLBACK");
    if (session_.reset == PostgresReset::discard_all) {
      co_await simple("reset", "DISCARD ALL");
      co_await set_up();
    }
    used_ = false;
    co_return reusable() && !in_transaction();
  }
  /// By AsioPostgres, once: what each session begins with. Throws what the statements do.
  Awaitable<void> set_up() {
    for (const std::string& sql : session_.session_setup) co_await simple("set up the session", sql);
    used_ = false;
  }
  void abandon() noexcept { wire_.handle().abandon(); }  ///< in a forked child: says nothing to the server

 private:
  Awaitable<detail::PostgresResultPointer> simple(const char* operation, std::string sql) {
    detail::check_postgres_statement(sql);
    used_ = true;
    const auto send = [&sql](PGconn* connection) { return ::PQsendQuery(connection, sql.c_str()); };
    co_return co_await detail::exchange_by_asio(wire_, operation, send);
  }

  detail::AsioPostgresWire wire_;
  PostgresSession session_;
  bool used_ = false;  ///< since the last reset
};

/// The AsioProtocol of PostgreSQL.
///
///   using Connector = carpool::AsioConnector<carpool::AsioPostgres>;
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
///       Connector(context.get_executor(), {carpool::PostgresConnector::from_url(url)}), {.max_size = 16});
///   auto lease = co_await carpool::co_acquire(pool);
///   const carpool::PostgresResult sum = co_await lease->query("SELECT $1::int + 1", {41});
///
/// Errors:   connect throws what PostgresConnector's does. Each of a host's addresses is tried in turn, until the
///           coroutine is cancelled: none has a share of the time.
struct AsioPostgres {
  using Connection = AsioPostgresConnection;  ///< what it opens

  /// Where to and how, in the words of the connector that sleeps; behind_pgbouncer() too. Its io_timeout and
  /// statement_cache are not used: a coroutine has no deadline, and no statement stays prepared. Its provider of
  /// credentials is called on the executor, and must not block there.
  PostgresConnector server = {};

  /// Looks the name up, tries each address in turn, and logs in.
  [[nodiscard]] boost::asio::awaitable<Connection> connect(boost::asio::any_io_executor /*where*/) const {
    server.validate();
    if (!server.credentials) co_return co_await open(server, never);
    const Credentials first = ask({});
    std::exception_ptr refusal;
    try {
      PostgresConnector own = detail::with_credentials(server, first);
      co_return co_await open(std::move(own), first.expires);
    } catch (const AuthenticationError&) {
      refusal = std::current_exception();
    }
    const Credentials second = ask({.refused = &first});
    if (detail::same_login(first, second)) std::rethrow_exception(refusal);
    PostgresConnector own = detail::with_credentials(server, second);
    co_return co_await open(std::move(own), second.expires);
  }

  void set_pool_name(const std::string& name) { server.set_pool_name(name); }  ///< as PostgresConnector's
  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return server.describe(); }
  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const { server.validate(); }

 private:
  using Platform = detail::AsioPostgresPlatform;

  [[nodiscard]] Credentials ask(const CredentialsRequest& request) const {
    return detail::ask_for_credentials<Platform>(server.credentials, request);
  }
  [[nodiscard]] static boost::asio::awaitable<Connection> open(PostgresConnector own, TimePoint expires) {
    detail::AsioPostgresHandle handle = co_await detail::connect_by_asio(own);
    const Duration lifetime = detail::lifetime_of<Platform>(expires, own.max_lifetime.value_or(forever));
    Connection connection(std::move(handle), detail::postgres_endpoint(own), detail::postgres_session(own, lifetime));
    co_await connection.set_up();
    co_return connection;
  }
};

}  // namespace carpool::inline v0_1

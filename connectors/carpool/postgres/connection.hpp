/// One connection to a PostgreSQL server: queries, prepared statements, transactions, COPY, LISTEN.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/postgres/canceller.hpp>
#include <carpool/postgres/copy.hpp>
#include <carpool/postgres/detail/rules.hpp>
#include <carpool/postgres/detail/statements.hpp>
#include <carpool/postgres/detail/wire.hpp>
#include <carpool/postgres/error.hpp>
#include <carpool/postgres/notification.hpp>
#include <carpool/postgres/parameter.hpp>
#include <carpool/postgres/result.hpp>
#include <carpool/postgres/session.hpp>
#include <carpool/postgres_transaction.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/time.hpp>

#include <libpq-fe.h>

#include <poll.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Default deadline of an operation: io_timeout from its start.
///
/// Errors:   PostgresError where the server refused: the connection goes on. std::system_error naming operation and
///           server, std::errc::timed_out at the deadline: the connection is lost (the server may work on: see
///           statement_timeout). std::invalid_argument for a NUL, std::logic_error for an operation out of turn.
/// Threads:  one worker at a time.
template <class Backend>
class PostgresConnection {
 public:
  using Transaction = carpool::Transaction<PostgresConnection>;  ///< see sql/transaction.hpp

  /// By PostgresConnector: a session that has logged in.
  PostgresConnection(detail::PostgresHandle<Backend> handle, std::string peer, const PostgresSession& session)
      : wire_(std::move(handle), std::move(peer), session.max_reply_bytes), session_(session) {}

  /// Without parameters one or more statements: returns the last one's result. With parameters, $1 and so on, one.
  PostgresResult query(const std::string& sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    if (parameters.empty()) return simple("query", sql, deadline);
    detail::check_postgres_statement(sql);
    const detail::PostgresArguments given(parameters);
    return run("query", deadline, [&](PGconn* c) {
      return ::PQsendQueryParams(c, sql.c_str(), given.count(), nullptr, given.values(), given.lengths(),
                                 given.formats(), 0);
    });
  }
  /// The same for rows that are of no interest: how many it inserted, updated or deleted.
  std::uint64_t execute(const std::string& sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    return query(sql, parameters, deadline).affected_rows();
  }

  /// As query() with one statement, which the server keeps prepared for this connection: parsed once, planned seldom.
  PostgresResult prepared(const std::string& sql, SqlParameters parameters = {},
                          std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    if (!session_.statement_cache) return query(sql, parameters, end);
    const detail::PostgresArguments given(parameters);
    const std::string name = prepare(sql, end);
    try {
      return run("prepared statement", end, [&](PGconn* c) {
        return ::PQsendQueryPrepared(c, name.c_str(), given.count(), given.values(), given.lengths(), given.formats(),
                                     0);
      });
    } catch (const PostgresError& error) {
      // Somebody has deallocated it, or a table has changed: the next try prepares it anew.
      if (error.code() == "26000" || error.code() == "0A000") statements_.remove(sql);
      throw;
    }
  }

  /// One that is left unfinished is rolled back before the connection does anything else.
  [[nodiscard]] Transaction begin(const PostgresTransactionOptions& options = {},
                                  std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    settle_transaction(end);
    if (in_transaction()) refuse_nested_transaction(peer());
    simple("begin", detail::begin_statement(options), end);
    guarded_ = true;
    return Transaction(*this);
  }

  /// "COPY ... FROM STDIN"
  [[nodiscard]] PostgresCopyIn<Backend> copy_in(const std::string& sql, std::optional<TimePoint> deadline = {}) {
    start_copy(sql, PGRES_COPY_IN, until(deadline));
    return {wire_, session_.io_timeout};
  }
  /// "COPY ... TO STDOUT"
  [[nodiscard]] PostgresCopyOut<Backend> copy_out(const std::string& sql, std::optional<TimePoint> deadline = {}) {
    start_copy(sql, PGRES_COPY_OUT, until(deadline));
    return {wire_, session_.io_timeout};
  }

  /// Notifications come from now on, until unlisten() or the connection's return to the pool.
  void listen(const std::string& channel, std::optional<TimePoint> deadline = {}) {
    if (!session_.session_state) throw std::logic_error("listen on " + peer() + ": not behind a transaction pooler");
    listening_ = true;
    simple("listen", "LISTEN " + postgres_identifier(channel), deadline);
  }
  /// To every channel.
  void unlisten(std::optional<TimePoint> deadline = {}) {
    simple("unlisten", "UNLISTEN *", deadline);
    stop_listening();
  }
  /// By pg_notify, which takes any name as it is. Within a transaction it is told at the commit.
  void notify(const std::string& channel, const std::string& payload = "", std::optional<TimePoint> deadline = {}) {
    query("SELECT pg_notify($1, $2)", {channel, payload}, deadline);
  }
  /// The next notification; nothing where the deadline passes without one, which harms nothing.
  [[nodiscard]] std::optional<PostgresNotification> wait_notification(std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    settle_transaction(end);
    wire_.start("wait for a notification", never);
    wire_.settle();
    for (;;) {
      if (auto notification = detail::next_notification(wire_.get())) return notification;
      if (Backend::wait(native_handle(), POLLIN | POLLRDHUP, end) == 0) return std::nullopt;
      if (!wire_.handle().is_connected()) wire_.fail_lost();
    }
  }

  /// For another worker, to break off what this one waits for.
  [[nodiscard]] PostgresCanceller<Backend> canceller() const { return PostgresCanceller<Backend>(wire_.get()); }

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

  // --- what the connector is asked by the pool ---------------------------------------------------------

  [[nodiscard]] bool is_connected() const noexcept { return wire_.handle().is_connected(); }
  /// The server has refused a write on it, as a standby does.
  [[nodiscard]] bool wrong_role() const noexcept { return detail::refused_for_role(wire_.handle()); }
  /// No command is under way, none has been torn off, and none was refused for the server's role. No system call.
  [[nodiscard]] bool reusable() const noexcept {
    return ping_due_ ? wire_.handle().sound() : detail::is_reusable(wire_.handle(), session_.reset);
  }
  [[nodiscard]] bool dirty() const noexcept {
    if (session_.reset == PostgresReset::none) return false;
    return in_transaction() || listening_ || (session_.reset == PostgresReset::discard_all && used_);
  }
  [[nodiscard]] Duration lifetime() const noexcept { return session_.lifetime; }
  /// By PostgresConnector, once: what each session begins with. Throws what the statements do.
  void set_up(TimePoint deadline) {
    for (const std::string& sql : session_.session_setup) simple("set up the session", sql, deadline);
    used_ = false;
  }
  /// Throws ServerPaused where it may_pause and has not answered in time; the next ping waits for the same answer.
  bool ping(TimePoint deadline) {
    begin_ping(deadline);
    if (session_.may_pause && !wire_.comes_in_time()) {
      ping_due_ = true;
      wire_.settle();
      throw ServerPaused(wire_.where() + ": no answer before the deadline");
    }
    wire_.finish(wire_.next());
    return true;
  }
  bool reset(TimePoint deadline) {
    rollback_due_ = rollback_due_ || session_.reset != PostgresReset::none;
    settle_transaction(deadline);
    if (session_.reset == PostgresReset::discard_all) {
      simple("reset", "DISCARD ALL", deadline);
      statements_.clear();
      stop_listening();
      set_up(deadline);
    } else if (listening_ && session_.reset == PostgresReset::rollback_if_needed) {
      unlisten(deadline);
    }
    used_ = false;
    return reusable() && !in_transaction();
  }
  void abandon() noexcept { wire_.handle().abandon(); }

  // --- what a Transaction asks -------------------------------------------------------------------------

  void commit_transaction(std::optional<TimePoint> deadline) {  ///< throws where it was rolled back
    const PostgresResult result = simple("commit", "COMMIT", deadline);
    if (result.command() == "ROLLBACK") detail::refuse_commit(peer());
    guarded_ = false;
  }
  void rollback_transaction(std::optional<TimePoint> deadline) {  ///< nothing to do where it has ended
    guarded_ = false;
    if (in_transaction()) simple("rollback", "ROLLBACK", deadline);
  }
  void leave_transaction() noexcept { rollback_due_ = true; }  ///< before what comes next, it is rolled back

 private:
  [[nodiscard]] TimePoint until(std::optional<TimePoint> deadline) const {
    return deadline ? *deadline : after(Backend::now(), session_.io_timeout);
  }

  template <class Send>
  PostgresResult run(const char* operation, std::optional<TimePoint> deadline, Send send) {
    const TimePoint end = until(deadline);
    settle_transaction(end);
    used_ = true;
    return PostgresResult(wire_.exchange(operation, end, send));
  }
  PostgresResult simple(const char* operation, const std::string& sql, std::optional<TimePoint> deadline) {
    detail::check_postgres_statement(sql);
    return run(operation, deadline, [&sql](PGconn* c) { return ::PQsendQuery(c, sql.c_str()); });
  }

  void begin_ping(TimePoint deadline) {
    if (std::exchange(ping_due_, false)) {
      wire_.require_sound("ping");
      return wire_.proceed("ping", deadline);
    }
    wire_.start("ping", deadline);
    wire_.begin([](PGconn* c) { return ::PQsendQuery(c, ""); });
  }

  /// Rolls back what a Transaction has left open: its destructor could not wait, this can. Where a statement of the
  /// user's own has ended it (COMMIT, ROLLBACK), what comes then must not take effect alone.
  void settle_transaction(TimePoint end) {
    if (ping_due_) ping(end);
    if (std::exchange(rollback_due_, false)) return rollback_transaction(end);
    if (guarded_ && !in_transaction()) detail::refuse_ended(peer());
  }

  /// The name under which the server knows it.
  std::string prepare(const std::string& sql, TimePoint end) {
    if (const auto* known = statements_.find(sql)) return known->name;
    detail::check_postgres_statement(sql);
    if (statements_.size() >= *session_.statement_cache) {
      simple("deallocate", "DEALLOCATE " + statements_.oldest().name, end);
      statements_.remove_oldest();
    }
    std::string name = statements_.fresh_name();
    run("prepare", end, [&](PGconn* c) { return ::PQsendPrepare(c, name.c_str(), sql.c_str(), 0, nullptr); });
    return statements_.add(sql, std::move(name)).name;
  }

  void start_copy(const std::string& sql, ExecStatusType wanted, TimePoint end) {
    detail::check_postgres_statement(sql);
    settle_transaction(end);
    used_ = true;
    wire_.start("COPY", end);
    wire_.start_copy(sql.c_str(), wanted);
  }

  void stop_listening() {  // what has come is for whoever listened
    for (listening_ = false; detail::next_notification(wire_.get());) continue;
  }

  detail::PostgresWire<Backend> wire_;
  PostgresSession session_;
  detail::PostgresStatements statements_;
  bool guarded_ = false;       ///< a Transaction was begun, and has not ended
  bool rollback_due_ = false;  ///< a Transaction has left what it began open
  bool listening_ = false;
  bool ping_due_ = false;  ///< one was sent, and its answer has not come
  bool used_ = false;      ///< since the last reset
};

}  // namespace carpool::inline v0_1

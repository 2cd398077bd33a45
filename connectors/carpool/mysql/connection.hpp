/// One session with a MySQL or MariaDB server: queries, prepared statements, transactions.
#pragma once

#include <carpool/mysql/detail/handle.hpp>
#include <carpool/mysql/detail/reader.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/detail/sql.hpp>
#include <carpool/mysql/result.hpp>
#include <carpool/mysql/statement.hpp>
#include <carpool/mysql/transaction.hpp>
#include <carpool/mysql/value.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool {

/// Every operation has one deadline, default io_timeout from its start.
///
/// Errors:   MysqlError where the server refuses: the connection stays good. std::system_error naming the operation and
///           the peer for everything else, std::errc::timed_out at the deadline; then the connection is not reusable.
/// Threads:  one worker at a time.
template <class Backend>
class MysqlConnection {
 public:
  using Parameters = std::span<const MysqlValue>;

  explicit MysqlConnection(detail::MysqlSession<Backend> session) noexcept : session_(std::move(session)) {}

  /// Sends the text as it is: never build it from what a user typed, execute() has parameters. Of several results (a
  /// CALL, multi_statements) the first.
  MysqlResult query(std::string_view sql, std::optional<TimePoint> deadline = {}) {
    return std::move(query_all(sql, deadline).front());
  }

  /// All results, at least one.
  std::vector<MysqlResult> query_all(std::string_view sql, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = session_.begin("query", deadline);
    finish_what_was_left_open(end);
    session_.note(sql);
    session_.call(end, [sql](MYSQL* mysql) { return ::mysql_real_query(mysql, sql.data(), sql.size()) == 0; });
    detail::MysqlReader<Backend> reader(session_, end);
    std::vector<MysqlResult> results = reader.text_results();
    session_.end();
    return results;
  }

  /// Prepares the statement, or takes it as it was prepared before, and runs it with a value for each '?'.
  ///   connection.execute("insert into t values (?, ?)", {42, "text"});
  MysqlResult execute(std::string_view sql, std::initializer_list<MysqlValue> parameters,
                      std::optional<TimePoint> deadline = {}) {
    return execute(sql, Parameters(parameters.begin(), parameters.size()), deadline);
  }
  MysqlResult execute(std::string_view sql, Parameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = session_.begin("execute", deadline);
    finish_what_was_left_open(end);
    session_.note(sql);
    MYSQL_STMT* const statement = session_.prepared(sql, parameters.size(), end);
    detail::MysqlParameters binds(parameters);
    session_.call(end, statement, [&binds, &parameters](MYSQL_STMT* it) {
      if (!parameters.empty() && ::mysql_stmt_bind_param(it, binds.data()) != 0) return false;
      return ::mysql_stmt_execute(it) == 0;
    });
    detail::MysqlReader<Backend> reader(session_, end);
    MysqlResult result = reader.binary_result(statement);
    session_.shrink_statements(end);
    session_.end();
    return result;
  }

  /// A transaction that is neither committed nor rolled back when the guard goes is rolled back before anything else
  /// is done with the connection. The guard must not outlive the lease. Within a transaction it throws
  /// std::logic_error, where the server would commit the outer one.
  [[nodiscard]] MysqlTransaction<Backend> begin(MysqlTransactionOptions options = {},
                                                std::optional<TimePoint> deadline = {}) {
    const TimePoint end = session_.begin("begin", deadline);
    finish_what_was_left_open(end);
    session_.end();
    if (in_transaction()) throw std::logic_error("begin at " + peer() + ": a transaction is open already");
    query(options.statement(), end);
    return MysqlTransaction<Backend>(*this);
  }

  /// A round trip without work. false or an error: it is dead.
  bool ping(std::optional<TimePoint> deadline = {}) {
    const TimePoint end = session_.begin("ping", deadline);
    session_.call(end, [](MYSQL* mysql) { return ::mysql_ping(mysql) == 0; });
    session_.end();
    return true;
  }

  /// Makes the session what it was after connecting, whatever was done to it. false: it cannot be.
  bool reset(std::optional<TimePoint> deadline = {}) { return session_.reset(deadline); }

  /// Whether the server is there and has said nothing unasked. No round trip.
  [[nodiscard]] bool is_connected() const noexcept { return session_.is_connected(); }
  /// Whether every answer has been read to its end, and none said that the server may only be read from.
  [[nodiscard]] bool reusable() const noexcept { return session_.sound() && !wrong_role(); }
  /// Whether the server has refused a write on it, as a replica does.
  [[nodiscard]] bool wrong_role() const noexcept { return session_.wrong_role(); }
  /// Whether something may have been left in the session that reset() removes.
  [[nodiscard]] bool dirty() const noexcept { return session_.dirty(); }

  [[nodiscard]] bool in_transaction() const noexcept { return session_.in_transaction(); }
  /// The server's number for this session: what KILL wants.
  [[nodiscard]] std::uint64_t id() const noexcept { return ::mysql_thread_id(session_.mysql()); }
  [[nodiscard]] std::string server_version() const { return ::mysql_get_server_info(session_.mysql()); }
  [[nodiscard]] std::string character_set() const { return ::mysql_character_set_name(session_.mysql()); }
  /// "TLSv1.3", or nothing where the session is not encrypted.
  [[nodiscard]] std::string tls_version() const { return session_.tls_version(); }
  [[nodiscard]] int native_handle() const noexcept { return session_.descriptor(); }
  [[nodiscard]] const std::string& peer() const noexcept { return session_.peer(); }

  /// Says goodbye and closes.
  void close_gracefully(TimePoint deadline) { session_.close_gracefully(deadline); }
  /// Closes and says nothing, as the destructor does.
  void close() noexcept { session_.close(); }

 private:
  friend class MysqlTransaction<Backend>;

  /// A guard's destructor may not speak, so that what it owes is done here.
  void finish_what_was_left_open(TimePoint deadline) {
    if (!session_.take_owed_rollback()) return;
    session_.call(deadline, [](MYSQL* mysql) { return ::mysql_rollback(mysql) == 0; });
  }
  void owe_rollback() noexcept { session_.owe_rollback(); }

  detail::MysqlSession<Backend> session_;
};

}  // namespace carpool

/// One session with a MySQL or MariaDB server: queries, prepared statements, transactions.
#pragma once

#include <carpool/mysql/detail/handle.hpp>
#include <carpool/mysql/detail/reader.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/result.hpp>
#include <carpool/mysql/statement.hpp>
#include <carpool/mysql/transaction.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Every operation has one deadline, default io_timeout from its start.
///
/// Errors:   MysqlError where the server refuses: the connection stays good. std::system_error naming the operation and
///           the peer for everything else, std::errc::timed_out at the deadline; then the connection is not reusable.
/// Threads:  one worker at a time.
template <class Backend>
class MysqlConnection {
 public:
  using Transaction = carpool::Transaction<MysqlConnection>;  ///< see sql/transaction.hpp

  /// By MysqlConnector: a session that has logged in.
  explicit MysqlConnection(detail::MysqlSession<Backend> session) noexcept : session_(std::move(session)) {}

  /// One statement and all its rows. With parameters, a value for each '?', it is prepared. Of several results (a CALL,
  /// multi_statements) the first.
  MysqlResult query(std::string_view sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    if (!parameters.empty()) return prepared(sql, parameters, deadline);
    return std::move(query_all(sql, deadline).front());
  }
  /// The same for rows that are of no interest: how many it inserted, updated (or found to be so already) or deleted.
  ///   connection.execute("insert into t values (?, ?)", {42, "text"});
  std::uint64_t execute(std::string_view sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    return query(sql, parameters, deadline).affected_rows();
  }

  /// All results, at least one. Sends the text as it is: never build it from what a user typed.
  std::vector<MysqlResult> query_all(std::string_view sql, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = begin_operation("query", deadline);
    session_.note(sql);
    session_.call(end, [sql](MYSQL* mysql) { return ::mysql_real_query(mysql, sql.data(), sql.size()) == 0; });
    detail::MysqlReader<Backend> reader(session_, end);
    std::vector<MysqlResult> results = reader.text_results();
    session_.end();
    last_insert_id_ = results.front().last_insert_id();
    return results;
  }

  /// As query() with a statement that the server keeps prepared for this session, statement_cache of them.
  MysqlResult prepared(std::string_view sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = begin_operation("execute", deadline);
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
    last_insert_id_ = result.last_insert_id();
    return result;
  }

  /// One that is left unfinished is rolled back before the connection does anything else. Within a transaction it
  /// throws std::logic_error, where the server would commit the outer one.
  [[nodiscard]] Transaction begin(MysqlTransactionOptions options = {}, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = begin_operation("begin", deadline);
    session_.end();
    if (in_transaction()) refuse_nested_transaction(peer());
    query(options.statement(), {}, end);
    session_.transaction_begun();
    return Transaction(*this);
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

  /// How long it may live from its connect on: max_lifetime, or what its credentials last.
  [[nodiscard]] Duration lifetime() const noexcept { return session_.options().lifetime; }
  /// After a deadlock it is false: the server has rolled back.
  [[nodiscard]] bool in_transaction() const noexcept { return session_.in_transaction(); }
  /// Of the last statement's rows the first one's AUTO_INCREMENT; 0 where nothing was numbered.
  [[nodiscard]] std::uint64_t last_insert_id() const noexcept { return last_insert_id_; }
  /// The server's number for this session: what KILL wants.
  [[nodiscard]] std::uint64_t id() const noexcept { return ::mysql_thread_id(session_.mysql()); }
  /// As the server said at login: "8.0.36", "10.11.6-MariaDB-0+deb12u1". No round trip.
  [[nodiscard]] std::string server_version() const { return ::mysql_get_server_info(session_.mysql()); }
  /// The client's, by the server's name: "utf8mb4". No round trip.
  [[nodiscard]] std::string character_set() const { return ::mysql_character_set_name(session_.mysql()); }
  /// "TLSv1.3", or nothing where the session is not encrypted.
  [[nodiscard]] std::string tls_version() const { return session_.tls_version(); }
  /// The descriptor, for poll and getsockopt; still owned by the connection.
  [[nodiscard]] int native_handle() const noexcept { return session_.descriptor(); }
  /// As error texts name the server.
  [[nodiscard]] const std::string& peer() const noexcept { return session_.peer(); }

  /// Says goodbye and closes.
  void close_gracefully(TimePoint deadline) { session_.close_gracefully(deadline); }
  /// Closes and says nothing, as the destructor does.
  void close() noexcept { session_.close(); }

  // --- what a Transaction asks -------------------------------------------------------------------------

  /// By Transaction::commit. Throws: MysqlError where the server refuses.
  void commit_transaction(std::optional<TimePoint> deadline) {
    const TimePoint end = begin_operation("commit", deadline);
    session_.call(end, [](MYSQL* mysql) { return ::mysql_commit(mysql) == 0; });
    session_.transaction_ended();
    session_.end();
  }
  /// By Transaction::rollback. Says nothing where the server has ended it already.
  void rollback_transaction(std::optional<TimePoint> deadline) {
    session_.roll_back(session_.begin("rollback", deadline));
    session_.end();
  }
  void leave_transaction() noexcept { session_.leave_transaction(); }  ///< no I/O: rolled back before what comes next

 private:
  [[nodiscard]] TimePoint begin_operation(const char* operation, std::optional<TimePoint> deadline) {
    const TimePoint end = session_.begin(operation, deadline);
    session_.settle_transaction(end);
    return end;
  }

  detail::MysqlSession<Backend> session_;
  std::uint64_t last_insert_id_ = 0;
};

}  // namespace carpool::inline v0_1

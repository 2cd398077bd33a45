/// One connection to a SQLite database: queries, statements, transactions.
#pragma once

#include <carpool/sql/transaction.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/sqlite/cursor.hpp>
#include <carpool/sqlite/detail/binding.hpp>
#include <carpool/sqlite/detail/handle.hpp>
#include <carpool/sqlite/error.hpp>
#include <carpool/sqlite/result.hpp>
#include <carpool/sqlite/transaction.hpp>
#include <carpool/time.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// SQLite works in the caller's thread. While it waits for another connection's lock, the backend waits; while it
/// works, a fiber lets others go on every 0.5 ms. Default deadline of an operation: io_timeout from its start.
///
/// Errors:   SqliteError where SQLite refused. std::system_error with std::errc::timed_out at the deadline: the
///           connection goes on, but SQLite has rolled the open transaction back where a statement that writes was
///           interrupted. std::invalid_argument where a statement and its parameters do not fit.
/// Threads:  one worker at a time.
template <class Backend>
class SqliteConnection {
 public:
  using Transaction = carpool::Transaction<SqliteConnection>;  ///< see sql/transaction.hpp

  /// By SqliteConnector. A cursor shares the handle and so keeps the file open.
  SqliteConnection(std::shared_ptr<detail::SqliteHandle<Backend>> handle, Duration io_timeout) noexcept
      : handle_(std::move(handle)), io_timeout_(io_timeout) {}

  /// One statement, run to its end, and all its rows. Compiled once per connection.
  SqliteResult query(const std::string& sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    SqliteCursor<Backend> rows = cursor(sql, parameters, deadline);
    const ChangeCount changed(handle_->get());
    SqliteResult result;
    bool more = rows.next();  // which may compile the statement anew, for a table that has changed
    for (std::size_t i = 0; i < rows.columns(); ++i) result.add_column(std::string(rows.name(i)));
    for (; more; more = rows.next()) rows.copy_to(result);
    result.set_affected_rows(changed.since());
    return result;
  }
  /// The same: every statement stays compiled, statement_cache of them.
  SqliteResult prepared(const std::string& sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    return query(sql, parameters, deadline);
  }

  /// One statement, run to its end; returns how many rows it inserted, updated or deleted, without those of triggers.
  std::uint64_t execute(const std::string& sql, SqlParameters parameters = {}, std::optional<TimePoint> deadline = {}) {
    SqliteCursor<Backend> rows = cursor(sql, parameters, deadline);
    const ChangeCount changed(handle_->get());
    while (rows.next()) {
    }
    return changed.since();
  }

  /// One statement whose rows are found one by one, each by a next(): it is run as far as they are asked for.
  [[nodiscard]] SqliteCursor<Backend> cursor(const std::string& sql, SqlParameters parameters = {},
                                             std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    settle_transaction(end);
    return {handle_, handle_->statement(sql, end), parameters, end};
  }

  /// Several statements without parameters, one after the other: a schema.
  void script(std::string_view sql, std::optional<TimePoint> deadline = {}) {
    if (sql.find('\0') != std::string_view::npos) throw std::invalid_argument("a script must not contain a NUL");
    const TimePoint end = until(deadline);
    settle_transaction(end);
    while (auto statement = handle_->compile(sql, end)) {
      while (handle_->step(statement.get(), end)) {
      }
    }
  }

  /// One that is left unfinished is rolled back before the connection does anything else.
  [[nodiscard]] Transaction begin(SqliteBegin kind = SqliteBegin::immediate, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = until(deadline);
    settle_transaction(end);
    if (in_transaction()) refuse_nested_transaction(path());
    execute(detail::begin_statement(kind), {}, end);
    guarded_ = true;
    return Transaction(*this);
  }

  /// Of the last successful INSERT into a table with rowids; 0: there was none since the lease began.
  [[nodiscard]] std::int64_t last_insert_id() const noexcept { return ::sqlite3_last_insert_rowid(handle_->get()); }
  [[nodiscard]] bool in_transaction() const noexcept {  ///< false in a forked child
    return handle_->ours() && ::sqlite3_get_autocommit(handle_->get()) == 0;
  }
  /// What runs on this connection ends with SqliteError SQLITE_INTERRUPT. By another thread, that keeps the lease
  /// alive.
  void interrupt() noexcept { ::sqlite3_interrupt(handle_->get()); }
  /// For what SQLite offers beyond this; still owned by the connection.
  [[nodiscard]] sqlite3* native_handle() const noexcept { return handle_->get(); }
  /// As the connector was told it. Lifetime: the connection's.
  [[nodiscard]] const std::string& path() const noexcept { return handle_->path(); }

  // --- what the connector is asked by the pool ---------------------------------------------------------

  [[nodiscard]] bool is_connected() const noexcept { return handle_ && handle_->ours(); }
  /// Nothing has shown that the file is in trouble.
  [[nodiscard]] bool in_step() const noexcept { return is_connected() && !handle_->in_trouble(); }
  /// For the next borrower: last_insert_id() is 0 again.
  void forget_last_insert() const noexcept {
    if (is_connected()) ::sqlite3_set_last_insert_rowid(handle_->get(), 0);
  }
  /// A transaction is open, or a cursor.
  [[nodiscard]] bool dirty() const noexcept { return in_transaction() || handle_.use_count() > 1; }
  bool reset(TimePoint deadline) {
    rollback_due_ = true;
    handle_->reset_all();
    settle_transaction(deadline);
    return !in_transaction();
  }
  /// Whether the path still leads to the file that is open.
  bool ping(TimePoint deadline) {
    int moved = 0;
    ::sqlite3_file_control(handle_->get(), nullptr, SQLITE_FCNTL_HAS_MOVED, &moved);
    return query("PRAGMA schema_version", {}, deadline).size() == 1 && moved == 0;
  }
  void abandon() noexcept { handle_->abandon(); }

  // --- what a Transaction asks -------------------------------------------------------------------------

  /// By Transaction::commit. Throws: SqliteError where COMMIT is refused.
  void commit_transaction(std::optional<TimePoint> deadline) { execute("COMMIT", {}, deadline), guarded_ = false; }
  void rollback_transaction(std::optional<TimePoint> deadline) {  ///< nothing to do where SQLite has ended it
    guarded_ = false;
    if (in_transaction()) execute("ROLLBACK", {}, deadline);
  }
  void leave_transaction() noexcept { rollback_due_ = true; }  ///< before what comes next, it is rolled back

 private:
  /// Of one statement. SQLite's own count stands still where a statement changes nothing.
  class ChangeCount {
   public:
    explicit ChangeCount(sqlite3* database) noexcept
        : database_(database), before_(::sqlite3_total_changes64(database)) {}
    [[nodiscard]] std::uint64_t since() const noexcept {
      if (::sqlite3_total_changes64(database_) == before_) return 0;
      return static_cast<std::uint64_t>(::sqlite3_changes64(database_));
    }

   private:
    sqlite3* database_;
    sqlite3_int64 before_;
  };

  [[nodiscard]] TimePoint until(std::optional<TimePoint> deadline) const {
    return deadline ? *deadline : after(Backend::now(), io_timeout_);
  }

  /// Rolls back what a Transaction has left open: its destructor could not wait, this can.
  /// SQLite ends a transaction by itself where a disk is full, or a writing statement is interrupted. What comes then
  /// was to be part of the transaction, and must not take effect alone.
  void settle_transaction(TimePoint end) {
    if (std::exchange(rollback_due_, false)) return rollback_transaction(end);
    if (!guarded_ || in_transaction()) return;
    throw SqliteError(SQLITE_ABORT_ROLLBACK, path() + ": SQLite has ended the transaction: it was rolled back");
  }

  std::shared_ptr<detail::SqliteHandle<Backend>> handle_;
  Duration io_timeout_;
  bool guarded_ = false;       ///< a Transaction was begun, and has not ended
  bool rollback_due_ = false;  ///< a Transaction has left what it began open
};

}  // namespace carpool::inline v0_1

/// Owns one sqlite3 and drives it: opens, compiles, steps, and names what went wrong.
#pragma once

#include <carpool/sql/value.hpp>
#include <carpool/sqlite/detail/binding.hpp>
#include <carpool/sqlite/detail/busy_handler.hpp>
#include <carpool/sqlite/detail/statements.hpp>
#include <carpool/sqlite/error.hpp>
#include <carpool/time.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace carpool::inline v0_1::detail {

/// How a file is opened, and what each connection to it keeps to.
struct SqliteOpenOptions {
  std::string path;
  int flags = 0;
  bool offload = false;
  int steps_between_looks = 1000;
  std::size_t statement_cache = 32;
};

/// A forked child inherits it, and neither uses nor closes it: the parent's locks would be lost.
///
/// Errors:   SqliteError; std::system_error with std::errc::timed_out at the deadline, after which the connection is as
///           good as before; std::logic_error in a forked child.
template <class Backend>
class SqliteHandle {
  using Scope = typename SqliteBusyHandler<Backend>::Scope;

 public:
  explicit SqliteHandle(SqliteOpenOptions options)
      : options_(std::move(options)), statements_(options_.statement_cache), born_(Backend::fork_generation()) {
    open();
    ::sqlite3_extended_result_codes(database_, 1);
    ::sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    busy_handler_.attach(database_, options_.steps_between_looks);
    busy_handler_.leave_waiting_to_caller(options_.offload);
  }
  SqliteHandle(const SqliteHandle&) = delete;
  SqliteHandle& operator=(const SqliteHandle&) = delete;
  ~SqliteHandle() { close(); }

  [[nodiscard]] sqlite3* get() const noexcept { return database_; }
  [[nodiscard]] const std::string& path() const noexcept { return options_.path; }
  [[nodiscard]] bool ours() const noexcept { return database_ != nullptr && Backend::fork_generation() == born_; }

  /// SQLite has reported what another connection may see otherwise.
  [[nodiscard]] bool in_trouble() const noexcept { return in_trouble_; }

  /// One statement, compiled now or before. Throws std::invalid_argument where there are several, or none.
  [[nodiscard]] SqliteStatementPointer statement(const std::string& sql, TimePoint deadline) {
    if (SqliteStatementPointer known = take(sql)) return known;
    std::string_view rest = sql;
    SqliteStatementPointer made = compile(rest, deadline);
    if (!made || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      throw std::invalid_argument(where("query") + "exactly one statement is wanted");
    }
    return made;
  }

  /// The first statement of sql, which then holds the rest; null where there is only blank space left.
  [[nodiscard]] SqliteStatementPointer compile(std::string_view& sql, TimePoint deadline) {
    check_ours();
    if (sql.size() > std::numeric_limits<int>::max()) throw std::invalid_argument("a statement exceeds 2 GiB");
    const Scope scope(busy_handler_, deadline);
    sqlite3_stmt* made = nullptr;
    const char* rest = nullptr;
    const auto prepare = [&] {
      return ::sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made,
                                  &rest);
    };
    if (const int result = retry_while_busy(prepare); result != SQLITE_OK) fail(result, "compile");
    sql.remove_prefix(static_cast<std::size_t>(rest - sql.data()));
    return SqliteStatementPointer(made);
  }

  void bind(sqlite3_stmt* statement, SqlParameters parameters) {
    if (static_cast<std::size_t>(::sqlite3_bind_parameter_count(statement)) != parameters.size()) {
      throw std::invalid_argument(where("bind") + "the statement takes " +
                                  std::to_string(::sqlite3_bind_parameter_count(statement)) + " parameters, not " +
                                  std::to_string(parameters.size()));
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const int result = std::visit(SqliteBinding{statement, static_cast<int>(i) + 1}, parameters[i].variant());
      if (result != SQLITE_OK) fail(result, "bind");
    }
  }

  /// true: there is a row.
  bool step(sqlite3_stmt* statement, TimePoint deadline) {
    check_ours();
    const Scope scope(busy_handler_, deadline);
    const int result = retry_while_busy([statement] { return ::sqlite3_step(statement); });
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
      const Reset reset{statement};  // so that nothing is left open; the message is taken before
      fail(result, "step");
    }
    return result == SQLITE_ROW;
  }

  /// Does not wait. Where its end needs a lock, what the statement did is undone.
  void give_back(SqliteStatementPointer statement) noexcept {
    if (!ours()) {
      static_cast<void>(statement.release());
      return;
    }
    ::sqlite3_reset(statement.get());
    ::sqlite3_clear_bindings(statement.get());
    statements_.give_back(std::move(statement));
  }

  /// Ends every cursor that is still open.
  void reset_all() noexcept {
    for (auto* one = ::sqlite3_next_stmt(database_, nullptr); one; one = ::sqlite3_next_stmt(database_, one)) {
      if (::sqlite3_stmt_busy(one) != 0) ::sqlite3_reset(one);
    }
  }

  /// In a forked child: the memory is leaked on purpose.
  void abandon() noexcept {
    statements_.leak();
    database_ = nullptr;
  }

  [[nodiscard]] std::string where(const char* operation) const {
    return std::string(operation) + ' ' + options_.path + ": ";
  }

 private:
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() { ::sqlite3_reset(statement); }
  };

  void open() {
    const auto call = [this] { return ::sqlite3_open_v2(path().c_str(), &database_, options_.flags, nullptr); };
    const int result = run(call);
    if (database_ == nullptr) throw std::bad_alloc();
    if (result == SQLITE_OK) return;
    const SqliteError failure(::sqlite3_extended_errcode(database_), where("open") + ::sqlite3_errmsg(database_));
    close();
    throw SqliteError(failure);
  }

  [[nodiscard]] SqliteStatementPointer take(const std::string& sql) {
    check_ours();
    return statements_.take(sql);
  }

  void check_ours() const {
    if (!ours()) throw std::logic_error("SQLite's connections do not outlive fork(2): open one in the child");
  }

  template <class Call>
  int run(Call call) {
    return options_.offload ? Backend::run_blocking(call) : call();
  }

  /// SQLite waits for a lock within the call. Where the call is on a helper thread, its caller waits here.
  template <class Call>
  int retry_while_busy(Call call) {
    for (int times = 0;; ++times) {
      const int result = run(call);
      // A snapshot that another writer has overtaken stays so.
      const bool locked = (result & 0xff) == SQLITE_BUSY && result != SQLITE_BUSY_SNAPSHOT;
      if (!options_.offload || !locked || !busy_handler_.wait_for_lock(times)) return result;
    }
  }

  [[noreturn]] void fail(int result, const char* operation) {
    busy_handler_.rethrow();
    const int primary = result & 0xff;
    if (busy_handler_.timed_out() && (primary == SQLITE_BUSY || primary == SQLITE_INTERRUPT)) {
      const char* const why = primary == SQLITE_BUSY ? "it was locked until the deadline" : "not done at the deadline";
      throw std::system_error(std::make_error_code(std::errc::timed_out), where(operation) + why);
    }
    if (primary == SQLITE_NOMEM) throw std::bad_alloc();
    const SqliteError refusal(result, where(operation) + ::sqlite3_errmsg(database_));
    in_trouble_ = in_trouble_ || refusal.ends_connection();
    throw SqliteError(refusal);
  }

  void close() noexcept {
    if (database_ == nullptr) return;
    if (!ours()) return abandon();
    statements_.clear();
    ::sqlite3_close_v2(std::exchange(database_, nullptr));
  }

  SqliteOpenOptions options_;
  sqlite3* database_ = nullptr;
  SqliteBusyHandler<Backend> busy_handler_;
  SqliteStatements statements_;
  std::uint64_t born_;
  bool in_trouble_ = false;  // an error of the file's, not of a statement's
};

}  // namespace carpool::inline v0_1::detail

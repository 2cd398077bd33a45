/// The rows of a SQLite statement, one after the other as SQLite finds them.
#pragma once

#include <carpool/sql/field.hpp>
#include <carpool/sql/result.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/sqlite/detail/binding.hpp>
#include <carpool/sqlite/detail/handle.hpp>
#include <carpool/time.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Move-only. While it has rows to come, the connection reads the database as it was when the first was asked for. Its
/// one deadline is the one that it was opened with.
///
/// Errors:   those of SqliteConnection::query; SqlValueError and std::out_of_range as every result.
/// Lifetime: must be gone when the lease is given back.
template <class Backend>
class SqliteCursor {
  using Handle = detail::SqliteHandle<Backend>;

 public:
  /// By SqliteConnection::cursor. Copies the parameters and binds them. Throws: std::invalid_argument where they do not
  /// fit.
  SqliteCursor(std::shared_ptr<Handle> handle, detail::SqliteStatementPointer statement, SqlParameters parameters,
               TimePoint deadline)
      : handle_(std::move(handle)),
        parameters_(parameters.begin(), parameters.end()),
        statement_(std::move(statement)),
        deadline_(deadline) {
    handle_->bind(statement_.get(), parameters_);
  }
  SqliteCursor(SqliteCursor&&) noexcept = default;
  SqliteCursor& operator=(SqliteCursor&&) = delete;
  ~SqliteCursor() {
    if (statement_) handle_->give_back(std::move(statement_));
  }

  /// To the next row, at first the first one; false: there is none.
  bool next() { return at_row_ = !over_ && advance(); }

  /// Known before the first next(), which may change it where the table has changed.
  [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(::sqlite3_column_count(raw())); }
  /// Throws: std::out_of_range. Lifetime: until next() or name() is called again.
  [[nodiscard]] std::string_view name(std::size_t column) const {
    return ::sqlite3_column_name(raw(), checked(column));
  }
  /// Of several columns with that name the first.
  [[nodiscard]] std::size_t column(std::string_view name) const { return detail::sql_column(*this, name); }

  /// Of the current row, valid until the next. Throws std::logic_error where there is none.
  [[nodiscard]] SqlField operator[](std::size_t column) const {
    if (!at_row_) throw std::logic_error("no row: next() has not been called, or has returned false");
    const int index = checked(column);
    return {::sqlite3_column_name(raw(), index), detail::sqlite_view(raw(), index)};
  }
  [[nodiscard]] SqlField operator[](std::string_view name) const { return (*this)[column(name)]; }
  /// For SqliteConnection::query.
  template <class Result>
  void copy_to(Result& result) const {
    for (int i = 0, count = ::sqlite3_column_count(raw()); i < count; ++i) {
      result.add_value(detail::sqlite_value(raw(), i));
    }
  }

  /// The current row's SqlField::as<T>(). Throws: as operator[], and SqlValueError.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    return (*this)[column].template as<T>();
  }
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    return (*this)[name].template as<T>();
  }

 private:
  bool advance() {
    over_ = true;  // also where it throws: another step would begin anew
    over_ = !handle_->step(statement_.get(), deadline_);
    return !over_;
  }

  [[nodiscard]] sqlite3_stmt* raw() const noexcept { return statement_.get(); }
  [[nodiscard]] int checked(std::size_t column) const {
    detail::check_sql_index(column, columns(), "column");
    return static_cast<int>(column);
  }

  std::shared_ptr<Handle> handle_;
  std::vector<SqlValue> parameters_;  // SQLite reads them where they are
  detail::SqliteStatementPointer statement_;
  TimePoint deadline_;
  bool at_row_ = false;
  bool over_ = false;
};

}  // namespace carpool::inline v0_1

/// The rows of a SQLite query, one after the other as SQLite finds them.
#pragma once

#include <carpool/sqlite/detail/handle.hpp>
#include <carpool/sqlite/value.hpp>
#include <carpool/time.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool {

/// Move-only. While it has rows to come, the connection reads the database as it was when the first was asked for. Its
/// one deadline is the query's.
/// Lifetime: must be gone when the lease is given back.
template <class Backend>
class SqliteRows {
  using Handle = detail::SqliteHandle<Backend>;

 public:
  SqliteRows(std::shared_ptr<Handle> handle, detail::SqliteStatementPointer statement, SqliteParameters parameters,
             TimePoint deadline)
      : handle_(std::move(handle)),
        parameters_(std::move(parameters)),
        statement_(std::move(statement)),
        deadline_(deadline) {
    handle_->bind(statement_.get(), parameters_);
  }
  SqliteRows(SqliteRows&&) noexcept = default;
  SqliteRows& operator=(SqliteRows&&) = delete;
  ~SqliteRows() {
    if (statement_) handle_->give_back(std::move(statement_));
  }

  /// To the next row, at first the first one; false: there is none. Throws as SqliteConnection::query.
  bool next() { return at_row_ = !over_ && advance(); }

  [[nodiscard]] std::size_t columns() const noexcept {
    return static_cast<std::size_t>(::sqlite3_column_count(statement_.get()));
  }
  [[nodiscard]] std::string_view name(std::size_t column) const {
    return ::sqlite3_column_name(raw(), checked(column));
  }
  /// The first column of that name.
  [[nodiscard]] std::size_t column(std::string_view wanted) const {
    for (std::size_t i = 0; i < columns(); ++i) {
      if (name(i) == wanted) return i;
    }
    throw std::out_of_range("the rows have no column '" + std::string(wanted) + '\'');
  }

  [[nodiscard]] bool is_null(std::size_t column) const {
    return ::sqlite3_column_type(row(), checked(column)) == SQLITE_NULL;
  }
  /// T: bool, an integer, a floating-point number, std::string, std::string_view (until the next step),
  /// std::vector<std::byte>, or a std::optional of these. Throws SqliteConversionError, std::out_of_range.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    return detail::SqliteReader<T>::read(row(), checked(column));
  }
  template <class T>
  [[nodiscard]] T get(std::string_view wanted) const {
    return get<T>(column(wanted));
  }

 private:
  bool advance() {
    over_ = true;  // also where it throws: another step would begin anew
    over_ = !handle_->step(statement_.get(), deadline_);
    return !over_;
  }

  [[nodiscard]] sqlite3_stmt* raw() const noexcept { return statement_.get(); }
  [[nodiscard]] sqlite3_stmt* row() const {
    if (!at_row_) throw std::logic_error("no row: next() has not been called, or has returned false");
    return raw();
  }
  [[nodiscard]] int checked(std::size_t column) const {
    if (column >= columns()) {
      throw std::out_of_range("the rows have " + std::to_string(columns()) + " columns, asked was for column " +
                              std::to_string(column));
    }
    return static_cast<int>(column);
  }

  std::shared_ptr<Handle> handle_;
  SqliteParameters parameters_;  // SQLite reads them where they are
  detail::SqliteStatementPointer statement_;
  TimePoint deadline_;
  bool at_row_ = false;
  bool over_ = false;
};

}  // namespace carpool

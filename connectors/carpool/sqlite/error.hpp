/// What SQLite refused, with its extended result code.
#pragma once

#include <carpool/sql/errors.hpp>

#include <sqlite3.h>

#include <string>

namespace carpool::inline v0_1 {

namespace detail {

[[nodiscard]] constexpr SqlErrorKind sqlite_error_kind(int extended_code) noexcept {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return SqlErrorKind::unique_violation;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return SqlErrorKind::foreign_key_violation;
    case SQLITE_CONSTRAINT_NOTNULL: return SqlErrorKind::not_null_violation;
    case SQLITE_CONSTRAINT_CHECK: return SqlErrorKind::check_violation;
    default: break;
  }
  const int primary = extended_code & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED ? SqlErrorKind::conflict : SqlErrorKind::other;
}

}  // namespace detail

/// code() is the extended result code in digits, "2067" for SQLITE_CONSTRAINT_UNIQUE.
class SqliteError : public SqlError {
 public:
  SqliteError(int code, const std::string& what)
      : SqlError(std::to_string(code), what + " (" + std::to_string(code) + ')', detail::sqlite_error_kind(code)),
        code_(code) {}

  /// SQLITE_CONSTRAINT_UNIQUE, SQLITE_BUSY_SNAPSHOT ...
  [[nodiscard]] int extended_code() const noexcept { return code_; }
  /// SQLITE_CONSTRAINT, SQLITE_BUSY ...
  [[nodiscard]] int primary_code() const noexcept { return code_ & 0xff; }

  /// The file is in trouble, not the statement: another connection may see the file otherwise.
  [[nodiscard]] bool ends_connection() const noexcept {
    switch (primary_code()) {
      case SQLITE_IOERR:
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
      case SQLITE_CANTOPEN:
      case SQLITE_PROTOCOL:
      case SQLITE_MISUSE: return true;
      default: return code_ == SQLITE_READONLY_DBMOVED;
    }
  }

 private:
  int code_;
};

}  // namespace carpool::inline v0_1

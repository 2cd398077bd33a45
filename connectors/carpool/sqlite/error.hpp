/// What SQLite refused, with its extended result code.
#pragma once

#include <carpool/common/server_error.hpp>

#include <sqlite3.h>

#include <string>

namespace carpool {

/// code() is the extended result code in digits, "2067" for SQLITE_CONSTRAINT_UNIQUE.
class SqliteError : public ServerError {
 public:
  SqliteError(int code, const std::string& what)
      : ServerError(std::to_string(code), what + " (" + std::to_string(code) + ')'), code_(code) {}

  [[nodiscard]] int extended_code() const noexcept { return code_; }
  /// SQLITE_CONSTRAINT, SQLITE_BUSY ...
  [[nodiscard]] int primary_code() const noexcept { return code_ & 0xff; }

  /// It says that the file, not the statement, is in trouble: another connection may see it otherwise.
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

}  // namespace carpool

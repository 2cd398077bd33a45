/// What all SQL databases refuse alike, and what a result throws where a value is not what it was asked for as.
#pragma once

#include <carpool/common/server_error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// What a refusal means, whatever the database's own code for it is.
enum class SqlErrorKind {
  /// None of these: code() alone says what.
  other,
  conflict,          ///< with another transaction: a deadlock, a serialization failure, a lock that was not to be had
  unique_violation,  ///< a row with this key is there already
  foreign_key_violation,  ///< a row refers to none, or is referred to
  not_null_violation,     ///< a column must have a value
  check_violation,        ///< a CHECK of the table does not hold
};

/// The base of the refusals of MySQL, PostgreSQL, SQLite and Hive. code() is the database's own.
class SqlError : public ServerError {
 public:
  SqlError(std::string code, const std::string& what, SqlErrorKind kind = SqlErrorKind::other)
      : ServerError(std::move(code), what), kind_(kind) {}

  /// Of the database's code; other where it has no kind here.
  [[nodiscard]] SqlErrorKind kind() const noexcept { return kind_; }

 private:
  SqlErrorKind kind_;
};

/// Whether the whole transaction may succeed where it is begun again from its first statement.
[[nodiscard]] inline bool is_repeatable(const SqlError& error) noexcept {
  return error.kind() == SqlErrorKind::conflict;
}

/// A value in a result cannot be said in the type that it was asked for as. It says nothing against the connection.
class SqlValueError : public std::runtime_error {
 public:
  SqlValueError(std::string column, std::string type, std::string value, const std::string& remedy = "")
      : std::runtime_error("column '" + column + "' holds " + value + ", which is no " + type + remedy),
        column_(std::move(column)),
        type_(std::move(type)),
        value_(std::move(value)) {}

  [[nodiscard]] const std::string& column() const noexcept { return column_; }  ///< its name in the result
  /// The C++ type that was asked for: "std::int32_t".
  [[nodiscard]] const std::string& type() const noexcept { return type_; }
  /// As an error text shows it: "NULL", "300", "'a text, cut after 40 bytes'".
  [[nodiscard]] const std::string& value() const noexcept { return value_; }

 private:
  std::string column_, type_, value_;
};

}  // namespace carpool::inline v0_1

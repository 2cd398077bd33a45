/// Reads a column of SQLite's current row as a C++ type.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace carpool {

/// A value in a row is not what it was asked for as: a null, out of range, or of another type.
class SqliteConversionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

[[noreturn]] inline void refuse_sqlite_value(sqlite3_stmt* statement, int column, const char* wanted) {
  constexpr const char* types[] = {"", "an integer", "a real number", "a text", "a blob", "a null"};
  throw SqliteConversionError("column '" + std::string(::sqlite3_column_name(statement, column)) + "' holds " +
                              types[::sqlite3_column_type(statement, column)] + ", not " + wanted);
}

template <class Number>
[[nodiscard]] Number sqlite_integer(sqlite3_stmt* statement, int column) {
  if (::sqlite3_column_type(statement, column) != SQLITE_INTEGER) refuse_sqlite_value(statement, column, "an integer");
  const sqlite3_int64 value = ::sqlite3_column_int64(statement, column);
  if constexpr (std::same_as<Number, bool>) {
    if (value != 0 && value != 1) refuse_sqlite_value(statement, column, "0 or 1");
  } else if (!std::in_range<Number>(value)) {
    refuse_sqlite_value(statement, column, "an integer of this size");
  }
  return static_cast<Number>(value);
}

template <class Number>
[[nodiscard]] Number sqlite_real(sqlite3_stmt* statement, int column) {
  const int type = ::sqlite3_column_type(statement, column);
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) refuse_sqlite_value(statement, column, "a number");
  return static_cast<Number>(::sqlite3_column_double(statement, column));
}

/// Any type but null and blob reads as text, as SQLite spells it.
[[nodiscard]] inline std::string_view sqlite_text(sqlite3_stmt* statement, int column) {
  const int type = ::sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL || type == SQLITE_BLOB) refuse_sqlite_value(statement, column, "a text");
  const auto* const text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, column));
  if (text == nullptr) throw std::bad_alloc();
  return {text, static_cast<std::size_t>(::sqlite3_column_bytes(statement, column))};
}

[[nodiscard]] inline std::vector<std::byte> sqlite_blob(sqlite3_stmt* statement, int column) {
  if (::sqlite3_column_type(statement, column) != SQLITE_BLOB) refuse_sqlite_value(statement, column, "a blob");
  const auto* const data = static_cast<const std::byte*>(::sqlite3_column_blob(statement, column));
  return {data, data + ::sqlite3_column_bytes(statement, column)};
}

template <class T>
struct SqliteReader {
  static T read(sqlite3_stmt* statement, int column) {
    if constexpr (std::integral<T>) {
      return sqlite_integer<T>(statement, column);
    } else if constexpr (std::floating_point<T>) {
      return sqlite_real<T>(statement, column);
    } else if constexpr (std::same_as<T, std::vector<std::byte>>) {
      return sqlite_blob(statement, column);
    } else {
      static_assert(std::same_as<T, std::string> || std::same_as<T, std::string_view>,
                    "a value can be read as bool, a number, text, bytes, or an optional of these");
      return T(sqlite_text(statement, column));
    }
  }
};
template <class T>
struct SqliteReader<std::optional<T>> {
  static std::optional<T> read(sqlite3_stmt* statement, int column) {
    if (::sqlite3_column_type(statement, column) == SQLITE_NULL) return std::nullopt;
    return SqliteReader<T>::read(statement, column);
  }
};

}  // namespace detail
}  // namespace carpool

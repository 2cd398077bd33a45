/// Carries values into a SQLite statement, and out of its current row.
#pragma once

#include <carpool/sql/value.hpp>
#include <carpool/sql/view.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace carpool::inline v0_1::detail {

/// Binds one value to the statement's parameter of that number, from 1; returns SQLite's result code. SQLite reads the
/// value where it is. Throws std::invalid_argument for an unsigned number beyond 2^63 - 1, which SQLite does not have.
struct SqliteBinding {
  sqlite3_stmt* statement;
  int number;

  int operator()(std::monostate) const noexcept { return ::sqlite3_bind_null(statement, number); }
  int operator()(bool value) const noexcept { return ::sqlite3_bind_int64(statement, number, value ? 1 : 0); }
  int operator()(std::int64_t value) const noexcept { return ::sqlite3_bind_int64(statement, number, value); }
  int operator()(std::uint64_t value) const {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw std::invalid_argument("an integer parameter must be at most 2^63 - 1");
    }
    return ::sqlite3_bind_int64(statement, number, static_cast<std::int64_t>(value));
  }
  int operator()(double value) const noexcept { return ::sqlite3_bind_double(statement, number, value); }
  int operator()(const std::string& value) const noexcept {
    return ::sqlite3_bind_text64(statement, number, value.c_str(), value.size(), nullptr, SQLITE_UTF8);
  }
  int operator()(const SqlValue::Bytes& value) const noexcept {
    // An empty vector's null pointer would mean NULL.
    const void* const data = value.empty() ? static_cast<const void*>("") : value.data();
    return ::sqlite3_bind_blob64(statement, number, data, value.size(), nullptr);
  }
};

[[nodiscard]] inline std::string_view sqlite_bytes(const void* data, int size) {
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

/// A column of the current row; valid until the next step.
[[nodiscard]] inline SqlView sqlite_view(sqlite3_stmt* statement, int column) {
  switch (::sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return {};
    case SQLITE_INTEGER: return std::int64_t{::sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT: return ::sqlite3_column_double(statement, column);
    case SQLITE_BLOB: {
      const void* const blob = ::sqlite3_column_blob(statement, column);
      return sqlite_bytes(blob == nullptr ? "" : blob, ::sqlite3_column_bytes(statement, column));
    }
    default: break;
  }
  const auto* const text = ::sqlite3_column_text(statement, column);
  if (text == nullptr) throw std::bad_alloc();
  return sqlite_bytes(text, ::sqlite3_column_bytes(statement, column));
}

/// A copy, to be kept.
[[nodiscard]] inline SqlValue sqlite_value(sqlite3_stmt* statement, int column) {
  const SqlView view = sqlite_view(statement, column);
  if (const auto* whole = std::get_if<std::int64_t>(&view)) return *whole;
  if (const auto* real = std::get_if<double>(&view)) return *real;
  if (const auto* bytes = std::get_if<std::string_view>(&view)) return *bytes;
  return {};
}

}  // namespace carpool::inline v0_1::detail

/// A value that goes to SQLite beside the statement, never inside it.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carpool {

/// Has one of SQLite's five types: null (nullptr, std::nullopt or an empty optional), integer, real, text, blob
/// (std::span<const std::byte>). Throws std::invalid_argument for an unsigned number beyond 2^63 - 1.
class SqliteParameter {
 public:
  SqliteParameter(std::nullptr_t) noexcept {}
  SqliteParameter(std::nullopt_t) noexcept {}
  template <std::integral Number>
  requires(!std::same_as<Number, char>) SqliteParameter(Number value) : value_(checked(value)) {}
  template <std::floating_point Number>
  SqliteParameter(Number value) noexcept : value_(static_cast<double>(value)) {}
  SqliteParameter(std::string value) noexcept : value_(std::move(value)) {}
  SqliteParameter(std::string_view value) : value_(std::string(value)) {}
  SqliteParameter(const char* value) : value_(std::string(value)) {}
  SqliteParameter(std::span<const std::byte> value) : value_(std::vector<std::byte>(value.begin(), value.end())) {}
  SqliteParameter(const std::vector<std::byte>& value) : value_(value) {}
  template <class T>
  SqliteParameter(const std::optional<T>& value)
      : SqliteParameter(value ? SqliteParameter(*value) : SqliteParameter(nullptr)) {}

  /// To the statement's parameter of that number, from 1; SQLite's result code. The value must outlive the binding.
  [[nodiscard]] int bind(sqlite3_stmt* statement, int number) const noexcept {
    if (const auto* integer = std::get_if<std::int64_t>(&value_)) {
      return ::sqlite3_bind_int64(statement, number, *integer);
    }
    if (const auto* real = std::get_if<double>(&value_)) return ::sqlite3_bind_double(statement, number, *real);
    if (const auto* text = std::get_if<std::string>(&value_)) {
      return ::sqlite3_bind_text64(statement, number, text->c_str(), text->size(), nullptr, SQLITE_UTF8);
    }
    if (const auto* blob = std::get_if<std::vector<std::byte>>(&value_)) {
      // An empty vector's null pointer would mean null.
      const void* const data = blob->empty() ? static_cast<const void*>("") : blob->data();
      return ::sqlite3_bind_blob64(statement, number, data, blob->size(), nullptr);
    }
    return ::sqlite3_bind_null(statement, number);
  }

 private:
  template <class Number>
  static std::int64_t checked(Number value) {
    if (!std::in_range<std::int64_t>(static_cast<WideOf<Number>>(value))) {
      throw std::invalid_argument("an integer parameter must be at most 2^63 - 1");
    }
    return static_cast<std::int64_t>(value);
  }
  /// std::in_range takes neither bool nor characters.
  template <class Number>
  using WideOf = std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>;

  std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::byte>> value_;
};

/// {7, "seven", std::nullopt}: for ?1, ?2, ?3, or in the order of the names of :a, :b, :c.
using SqliteParameters = std::vector<SqliteParameter>;

}  // namespace carpool

/// A value that goes to a database beside the statement, never inside it, and the parameters of a statement.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// NULL (nullptr, std::nullopt, an empty std::optional), a bool, a whole number, a floating one, a text in UTF-8, or
/// bytes that no character set must touch. A char is none of these: say "a", or a number.
class SqlValue {
 public:
  using Bytes = std::vector<std::byte>;  ///< with size; may hold NUL
  /// std::monostate: NULL.
  using Variant = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Bytes>;

  SqlValue() noexcept = default;
  /// Implicit, so that parameters are written as they are: {7, "seven", std::nullopt}. Texts and bytes are copied. Any
  /// integer becomes an std::int64_t or std::uint64_t, a float a double.
  SqlValue(std::nullptr_t) noexcept {}
  SqlValue(std::nullopt_t) noexcept {}
  template <std::same_as<bool> T>
  SqlValue(T value) noexcept : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  SqlValue(T value) noexcept : value_(widened(value)) {}
  template <std::floating_point T>
  SqlValue(T value) noexcept : value_(static_cast<double>(value)) {}
  SqlValue(std::string value) noexcept : value_(std::move(value)) {}
  SqlValue(std::string_view value) : value_(std::string(value)) {}
  SqlValue(const char* value) : value_(std::string(value)) {}
  SqlValue(Bytes value) noexcept : value_(std::move(value)) {}
  SqlValue(std::span<const std::byte> value) : value_(Bytes(value.begin(), value.end())) {}
  template <class T>
  SqlValue(const std::optional<T>& value) : SqlValue(value ? SqlValue(*value) : SqlValue()) {}

  /// An empty text is not NULL.
  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const Variant& variant() const noexcept { return value_; }  ///< Lifetime: the value's

  friend bool operator==(const SqlValue& left, const SqlValue& right) noexcept = default;

 private:
  template <class T>
  static constexpr auto widened(T value) noexcept {
    if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }

  Variant value_;
};

/// One value for each placeholder, as {7, "seven", std::nullopt} or a vector of them. It refers to the values, which
/// are there until the call that is given them returns.
class SqlParameters {
 public:
  SqlParameters() noexcept = default;
  /// Implicit. Lifetime: refers to the values; a list's live until the end of the full expression.
  SqlParameters(std::initializer_list<SqlValue> values) noexcept : values_(values.begin(), values.size()) {}
  SqlParameters(const std::vector<SqlValue>& values) noexcept : values_(values) {}
  SqlParameters(std::span<const SqlValue> values) noexcept : values_(values) {}

  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }  ///< must be the number of placeholders
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }       ///< the statement has no placeholders
  [[nodiscard]] const SqlValue& operator[](std::size_t index) const noexcept { return values_[index]; }
  [[nodiscard]] auto begin() const noexcept { return values_.begin(); }  ///< a constant iterator over SqlValue
  [[nodiscard]] auto end() const noexcept { return values_.end(); }      ///< behind the last value

 private:
  std::span<const SqlValue> values_;
};

}  // namespace carpool::inline v0_1

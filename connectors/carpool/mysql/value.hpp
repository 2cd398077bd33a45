/// What goes into a MySQL statement and comes out of its result: typed, and null where the server says NULL.
#pragma once

#include <carpool/common/number_text.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace carpool {

/// NULL, a whole number, a floating one, text (also what has no type of its own here: dates, decimals, JSON), or bytes
/// that no character set must touch (for parameters; a result has text).
class MysqlValue {
 public:
  using Bytes = std::vector<std::byte>;
  using Variant = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string, Bytes>;

  MysqlValue() noexcept = default;
  MysqlValue(std::nullptr_t) noexcept {}
  MysqlValue(std::nullopt_t) noexcept {}
  template <std::signed_integral T>
  MysqlValue(T value) noexcept : value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  MysqlValue(T value) noexcept : value_(static_cast<std::uint64_t>(value)) {}
  MysqlValue(double value) noexcept : value_(value) {}
  MysqlValue(std::string value) noexcept : value_(std::move(value)) {}
  MysqlValue(std::string_view value) : value_(std::string(value)) {}
  MysqlValue(const char* value) : value_(std::string(value)) {}
  MysqlValue(std::span<const std::byte> value) : value_(Bytes(value.begin(), value.end())) {}
  template <class T>
  MysqlValue(const std::optional<T>& value) : MysqlValue(value ? MysqlValue(*value) : MysqlValue()) {}

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const Variant& variant() const noexcept { return value_; }

  /// As an integer, double, bool or std::string, whatever it was on the wire, or as a std::optional of one, which is
  /// empty for NULL. Throws std::domain_error where the value is NULL or cannot be said in T.
  template <class T>
  [[nodiscard]] T as() const {
    if constexpr (requires {
                    typename T::value_type;
                    requires std::same_as<T, std::optional<typename T::value_type>>;
                  }) {
      if (is_null()) return std::nullopt;
      return as<typename T::value_type>();
    } else {
      if (is_null()) throw std::domain_error("the value is NULL; ask for a std::optional");
      return convert<T>();
    }
  }

  friend bool operator==(const MysqlValue& left, const MysqlValue& right) noexcept = default;

 private:
  template <class T>
  [[nodiscard]] T convert() const {
    if constexpr (std::same_as<T, std::string>) {
      return to_text();
    } else if constexpr (std::same_as<T, bool>) {
      return to_number<std::int64_t>() != 0;
    } else {
      static_assert(std::is_arithmetic_v<T>, "MysqlValue::as: an integer, double, bool, std::string or an optional");
      return to_number<T>();
    }
  }

  [[nodiscard]] std::string to_text() const {
    return std::visit(
        [](const auto& value) {
          using V = std::decay_t<decltype(value)>;
          if constexpr (std::same_as<V, std::string>) {
            return value;
          } else if constexpr (std::same_as<V, Bytes>) {
            return std::string(reinterpret_cast<const char*>(value.data()), value.size());
          } else {
            return print(value);
          }
        },
        value_);
  }

  static std::string print(std::monostate) { return {}; }
  template <class N>
  static std::string print(N number) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
  }

  template <class T>
  [[nodiscard]] T to_number() const {
    return std::visit(
        [](const auto& value) -> T {
          using V = std::decay_t<decltype(value)>;
          if constexpr (std::same_as<V, std::string>) {
            return parse<T>(value);
          } else if constexpr (std::integral<V>) {
            return from_integer<T>(value);
          } else if constexpr (std::same_as<V, double>) {
            return from_double<T>(value);
          } else {
            throw std::domain_error("the value is no number");
          }
        },
        value_);
  }

  template <class T>
  static T parse(const std::string& text) {
    T number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = detail::read_number(text.data(), end, number);
    if (error != std::errc() || stop != end)
      throw std::domain_error("the text '" + text.substr(0, 40) + "' is no such number");
    return number;
  }
  template <class T, class V>
  static T from_integer(V value) {
    if constexpr (std::integral<T>) {
      if (!std::in_range<T>(value)) throw std::domain_error("the number " + std::to_string(value) + " does not fit");
    }
    return static_cast<T>(value);
  }
  template <class T>
  static T from_double(double value) {
    if constexpr (std::integral<T>) {
      // Both bounds are powers of two (or 0), so they are exact as doubles.
      constexpr T half = std::numeric_limits<T>::max() / 2 + 1;
      constexpr double below = static_cast<double>(half) * 2.0;
      const bool fits = value >= static_cast<double>(std::numeric_limits<T>::min()) && value < below;
      if (!fits || static_cast<double>(static_cast<T>(value)) != value) {
        throw std::domain_error("the number " + std::to_string(value) + " does not fit");
      }
    }
    return static_cast<T>(value);
  }

  Variant value_;
};

}  // namespace carpool

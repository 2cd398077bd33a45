/// Which value of a result can be said in which C++ type. std::nullopt: it cannot.
#pragma once

#include <carpool/common/number_text.hpp>
#include <carpool/sql/view.hpp>

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace carpool::inline v0_1::detail {

using SqlBytes = std::vector<std::byte>;

/// A text that is a number and nothing else.
template <class Number>
[[nodiscard]] std::optional<Number> sql_number_in(std::string_view text) {
  Number number{};
  const auto [stop, error] = read_number(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "5" of "5.00": a decimal without a fraction. Any other text as it is.
[[nodiscard]] constexpr std::string_view sql_without_zero_fraction(std::string_view text) noexcept {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point + 1 == text.size()) return text;
  const bool whole = text.find_first_not_of('0', point + 1) == std::string_view::npos;
  return whole ? text.substr(0, point) : text;
}

/// A double that is a whole number of T's.
template <std::integral T>
[[nodiscard]] std::optional<T> sql_whole(double value) noexcept {
  // Both bounds are powers of two (or 0), so they are exact as doubles.
  constexpr T half = std::numeric_limits<T>::max() / 2 + 1;
  constexpr double below = static_cast<double>(half) * 2.0;
  if (!(value >= static_cast<double>(std::numeric_limits<T>::min()) && value < below)) return std::nullopt;
  if (static_cast<double>(static_cast<T>(value)) != value) return std::nullopt;
  return static_cast<T>(value);
}

/// Rounded to the nearest T; one that is too large for any is none.
template <std::floating_point T>
[[nodiscard]] std::optional<T> sql_rounded(double value) noexcept {
  if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<T>::max())) return std::nullopt;
  return static_cast<T>(value);
}

[[nodiscard]] inline unsigned sql_hex_digit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  return digit >= 'a' && digit <= 'f' ? static_cast<unsigned>(digit - 'a' + 10) : 16;
}

template <class Bytes>
[[nodiscard]] std::optional<Bytes> sql_unhexed(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const unsigned high = sql_hex_digit(digits[i]), low = sql_hex_digit(digits[i + 1]);
    if (high > 15 || low > 15) return std::nullopt;
    bytes.push_back(static_cast<typename Bytes::value_type>(high << 4U | low));
  }
  return bytes;
}

template <class Number>
[[nodiscard]] std::string sql_digits(Number number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

// One overload for each kind of value; what has none cannot be said in T.

template <class T>
struct SqlReading {
  static_assert(std::integral<T> || std::floating_point<T>,
                "a value of a result is read as bool, a number, std::string, std::string_view, std::vector<std::byte>, "
                "or a std::optional of these");
  static_assert(!std::same_as<T, char>, "a char is neither a number nor a text");

  template <class Other>
  std::optional<T> operator()(const Other&) const noexcept {
    return std::nullopt;
  }
  std::optional<T> operator()(const std::int64_t& value) const noexcept { return of_whole(value); }
  std::optional<T> operator()(const std::uint64_t& value) const noexcept { return of_whole(value); }
  std::optional<T> operator()(const double& value) const noexcept {
    if constexpr (std::integral<T>) {
      return sql_whole<T>(value);
    } else {
      return sql_rounded<T>(value);
    }
  }
  std::optional<T> operator()(const std::string_view& text) const {
    return sql_number_in<T>(std::integral<T> ? sql_without_zero_fraction(text) : text);
  }

 private:
  template <class Whole>
  static std::optional<T> of_whole(Whole value) noexcept {
    if constexpr (std::integral<T>) {
      if (!std::in_range<T>(value)) return std::nullopt;
    }
    return static_cast<T>(value);
  }
};

/// 0 and 1 are what databases without a type of truth have instead.
template <>
struct SqlReading<bool> {
  template <class Other>
  std::optional<bool> operator()(const Other&) const noexcept {
    return std::nullopt;
  }
  std::optional<bool> operator()(const bool& value) const noexcept { return value; }
  std::optional<bool> operator()(const std::int64_t& value) const noexcept { return of_whole(value); }
  std::optional<bool> operator()(const std::uint64_t& value) const noexcept { return of_whole(value); }

 private:
  template <class Whole>
  static std::optional<bool> of_whole(Whole value) noexcept {
    if (value != 0 && value != 1) return std::nullopt;
    return value == 1;
  }
};

template <>
struct SqlReading<std::string> {
  std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
  std::optional<std::string> operator()(const bool& value) const { return value ? "true" : "false"; }
  std::optional<std::string> operator()(const std::string_view& text) const { return std::string(text); }
  std::optional<std::string> operator()(const SqlHexBytes& hex) const { return sql_unhexed<std::string>(hex.digits); }
  template <class Number>
  std::optional<std::string> operator()(const Number& number) const {
    return sql_digits(number);
  }
};

template <>
struct SqlReading<std::string_view> {
  template <class Other>
  std::optional<std::string_view> operator()(const Other&) const noexcept {
    return std::nullopt;
  }
  std::optional<std::string_view> operator()(const std::string_view& text) const noexcept { return text; }
};

template <>
struct SqlReading<SqlBytes> {
  template <class Other>
  std::optional<SqlBytes> operator()(const Other&) const noexcept {
    return std::nullopt;
  }
  std::optional<SqlBytes> operator()(const SqlHexBytes& hex) const { return sql_unhexed<SqlBytes>(hex.digits); }
  std::optional<SqlBytes> operator()(const std::string_view& text) const {
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    return SqlBytes(begin, begin + text.size());
  }
};

}  // namespace carpool::inline v0_1::detail

/// Reads PostgreSQL's text form of a value as a C++ type.
#pragma once

#include <carpool/common/number_text.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace carpool {

/// A value in a result is not what it was asked for as: a null, out of range, or of another form.
class PostgresConversionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Value = T;
};

[[noreturn]] inline void refuse_conversion(const char* type, std::string_view text) {
  constexpr std::size_t enough = 40;
  throw PostgresConversionError("not " + std::string(type) + ": '" + std::string(text.substr(0, enough)) + '\'');
}

template <class Number>
[[nodiscard]] Number number_in(std::string_view text) {
  if constexpr (std::floating_point<Number>) {
    using Limits = std::numeric_limits<Number>;
    if (text == "NaN") return Limits::quiet_NaN();
    if (text == "Infinity") return Limits::infinity();
    if (text == "-Infinity") return -Limits::infinity();
  }
  Number number{};
  const auto [end, error] = read_number(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse_conversion(std::floating_point<Number> ? "a number of this size" : "an integer of this size", text);
  }
  return number;
}

[[nodiscard]] inline bool bool_in(std::string_view text) {
  if (text == "t") return true;
  if (text != "f") refuse_conversion("a boolean", text);
  return false;
}

[[nodiscard]] inline unsigned hex_digit(char digit, std::string_view text) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  refuse_conversion("bytes in hexadecimal form", text);
}

/// "\x00ff", the default of bytea_output.
[[nodiscard]] inline std::vector<std::byte> bytes_in(std::string_view text) {
  if (text.substr(0, 2) != "\\x" || text.size() % 2 != 0) refuse_conversion("bytes in hexadecimal form", text);
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2 - 1);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(hex_digit(text[i], text) << 4U | hex_digit(text[i + 1], text)));
  }
  return bytes;
}

template <class>
inline constexpr bool unreadable = false;

/// T is bool, an integer, a floating-point number, std::string, std::string_view (into the result) or
/// std::vector<std::byte>.
template <class T>
[[nodiscard]] T value_in(std::string_view text) {
  if constexpr (std::same_as<T, bool>) {
    return bool_in(text);
  } else if constexpr (std::integral<T> || std::floating_point<T>) {
    return number_in<T>(text);
  } else if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
    return T(text);
  } else if constexpr (std::same_as<T, std::vector<std::byte>>) {
    return bytes_in(text);
  } else {
    static_assert(unreadable<T>, "a value can be read as bool, a number, text, bytes, or an optional of these");
  }
}

}  // namespace detail
}  // namespace carpool

/// Numbers out of a server's text, whatever the locale is.
#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include <locale.h>

namespace carpool::inline v0_1::detail {

/// std::from_chars of a floating-point number by what the C library has.
template <std::floating_point Number>
std::from_chars_result read_by_strtod(const char* begin, const char* end, Number& number) {
  const std::string text(begin, end);  // it wants a NUL behind it
  const bool foreign = text.find_first_of("xX") != std::string::npos;
  if (foreign || text.empty() || std::string_view(" \t\n\v\f\r+").find(text.front()) != std::string_view::npos)
    return {begin, std::errc::invalid_argument};
  static const ::locale_t c_locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
  char* stop = nullptr;
  errno = 0;
  const double read = std::same_as<Number, float> ? static_cast<double>(::strtof_l(text.c_str(), &stop, c_locale))
                                                  : ::strtod_l(text.c_str(), &stop, c_locale);
  if (stop == text.c_str()) return {begin, std::errc::invalid_argument};
  const char* const after = begin + (stop - text.c_str());
  const bool out_of_range = errno == ERANGE && (read == 0 || std::isinf(read));  // else it is small, and exact enough
  if (out_of_range) return {after, std::errc::result_out_of_range};
  number = static_cast<Number>(read);
  return {after, std::errc()};
}

/// std::from_chars, also where the standard library has it for integers alone: libc++ before 20.
template <class Number>
std::from_chars_result read_number(const char* begin, const char* end, Number& number) {
#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 200000
  if constexpr (std::floating_point<Number>) {
    return read_by_strtod(begin, end, number);
  } else {
    return std::from_chars(begin, end, number);
  }
#else
  return std::from_chars(begin, end, number);
#endif
}

/// The double that is written as the float is: 0.1 for 0.1F, where a cast gives 0.10000000149011612. It is rounded back
/// to the same float.
[[nodiscard]] inline double as_written(float value) {
  std::array<char, 32> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  double read = value;
  (void)read_number(digits.data(), end, read);
  return static_cast<float>(read) == value ? read : static_cast<double>(value);
}

}  // namespace carpool::inline v0_1::detail

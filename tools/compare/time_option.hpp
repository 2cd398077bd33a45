/// Reads a length of time that carries its unit: 200us, 1.5ms, 2s.
#pragma once

#include "usage_error.hpp"

#include <carpool/time.hpp>

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

namespace carpool::compare {

/// What a time option may be at most: longer ones would only hang the terminal.
inline constexpr Duration longest_time = std::chrono::seconds(60);

namespace detail {

[[noreturn]] inline void refuse_time(const std::string& option, const std::string& text) {
  throw UsageError(option + " '" + text + "': must be a time from 0us to 60s with its unit (us, ms or s)");
}

inline double nanoseconds_in(const std::string& unit, const std::string& option, const std::string& text) {
  constexpr std::array<std::pair<const char*, double>, 3> units{{{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  for (const auto& [name, nanoseconds] : units) {
    if (unit == name) return nanoseconds;
  }
  refuse_time(option, text);
}

}  // namespace detail

/// Throws UsageError naming the option where the text is no such time, or is negative, or is longer than longest_time.
[[nodiscard]] inline Duration parse_time(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) detail::refuse_time(option, text);
  const double nanoseconds = value * detail::nanoseconds_in(end, option, text);
  if (!(nanoseconds >= 0) || nanoseconds > static_cast<double>(longest_time.count())) detail::refuse_time(option, text);
  return Duration(static_cast<Duration::rep>(nanoseconds));
}

}  // namespace carpool::compare

/// Times and places in words, for stories of simulations.
#pragma once

#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// "1.25 ms"
[[nodiscard]] inline std::string words_for(Duration time) {
  struct Unit {
    double nanoseconds;
    const char* name;
  };
  constexpr std::array<Unit, 3> units{{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  const auto count = static_cast<double>(time.count());
  std::array<char, 40> text{};
  for (const Unit& unit : units) {
    if (count < unit.nanoseconds && unit.nanoseconds > 1e3) continue;
    std::snprintf(text.data(), text.size(), "%.6g %s", count / unit.nanoseconds, unit.name);
    break;
  }
  return text.data();
}

/// "at acquire_wait.hpp:98"
[[nodiscard]] inline std::string words_for(const SourceLocation& site) {
  if (site.line() == 0) return "";
  const std::string_view path = site.file_name();
  return "at " + std::string(path.substr(path.rfind('/') + 1)) + ':' + std::to_string(site.line());
}

}  // namespace carpool::inline v0_1::detail

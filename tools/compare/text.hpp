/// Figures as people read them, in Unicode or in plain ASCII.
#pragma once

// The tool is one small program: fmt without its library spares every build of it a link dependency.
#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

/// What the reader's terminal can show.
enum class Charset : std::uint8_t {
  unicode,  ///< UTF-8
  ascii,    ///< nothing above 126
};

/// Columns that a UTF-8 text takes, where each code point takes one.
[[nodiscard]] inline std::size_t columns_of(std::string_view text) noexcept {
  std::size_t columns = 0;
  for (const char byte : text) columns += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  return columns;
}

[[nodiscard]] inline std::string pad_left(std::string_view text, std::size_t width) {
  const auto columns = columns_of(text);
  return std::string(columns < width ? width - columns : 0, ' ') + std::string(text);
}

[[nodiscard]] inline std::string pad_right(std::string_view text, std::size_t width) {
  const auto columns = columns_of(text);
  return std::string(text) + std::string(columns < width ? width - columns : 0, ' ');
}

/// "a, b, c"
[[nodiscard]] inline std::string join(const std::vector<std::string>& parts, std::string_view between = ", ") {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
  return text;
}

/// 12345 -> "12,345"
[[nodiscard]] inline std::string human_count(double value) {
  const auto digits = fmt::format("{:.0f}", std::abs(value));
  std::string text(value <= -0.5 ? 1 : 0, '-');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

namespace detail {

/// Three digits that matter: 1.23, 12.3, 123.
inline std::string three_digits(double value) {
  if (value < 9.995) return fmt::format("{:.2f}", value);
  if (value < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

}  // namespace detail

/// Nanoseconds -> "850 ns", "5.27 us", "3.30 ms", "1.20 s"; at most seven columns.
[[nodiscard]] inline std::string human_time(double nanoseconds, Charset charset) {
  if (nanoseconds < 999.5) return fmt::format("{:.0f} ns", nanoseconds);
  if (nanoseconds < 999.5e3)
    return detail::three_digits(nanoseconds / 1e3) + (charset == Charset::unicode ? " µs" : " us");
  if (nanoseconds < 999.5e6) return detail::three_digits(nanoseconds / 1e6) + " ms";
  return detail::three_digits(nanoseconds / 1e9) + " s";
}

/// Breaks a sentence into lines of at most width columns, the second and later ones indented.
[[nodiscard]] inline std::string wrap(std::string_view text, std::size_t width, std::string_view first,
                                      std::string_view later) {
  std::string result(first), line;
  const auto flush = [&] {
    result += line + "\n" + std::string(later);
    line.clear();
  };
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    if (!line.empty() && columns_of(later) + columns_of(line) + 1 + columns_of(word) > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
    begin = end + 1;
  }
  return result + line + "\n";
}

/// Seconds -> "0:42", "12:05".
[[nodiscard]] inline std::string clock_time(double seconds) {
  const auto whole = static_cast<long>(std::ceil(std::max(seconds, 0.0)));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// A bar of the given width for a share from 0 to 1: eighths of a block, or '#' in ASCII.
[[nodiscard]] inline std::string bar(double share, std::size_t width, Charset charset) {
  static constexpr std::string_view eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(width);
  if (charset == Charset::ascii) return std::string(static_cast<std::size_t>(std::lround(filled)), '#');
  const auto parts = static_cast<std::size_t>(std::lround(filled * 8));
  std::string text;
  for (std::size_t i = 0; i < parts / 8; ++i) text += "█";
  return text + std::string(eighths[parts % 8]);
}

}  // namespace carpool::compare

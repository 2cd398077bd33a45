/// One line of a log, in memory of fixed size.
#pragma once

#include <carpool/log/level.hpp>
#include <carpool/text/json_text.hpp>
#include <carpool/text/without_credentials.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// Long values are cut, so that a line is whole whatever it says.
class LogLine {
 public:
  explicit LogLine(LogFormat format) noexcept : format_(format) {
    if (is_json()) put("{");
  }

  LogLine& text(std::string_view key, std::string_view value) noexcept {
    begin(key);
    const bool quoted = is_json() || needs_quotes(value);
    if (quoted) put("\"");
    put_value(value);
    if (quoted) put("\"");
    return *this;
  }
  LogLine& number(std::string_view key, std::uint64_t value) noexcept {
    begin(key);
    std::array<char, 24> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    static_cast<void>(error);
    put({digits.data(), static_cast<std::size_t>(end - digits.data())});
    return *this;
  }
  /// Milliseconds, to the microsecond.
  LogLine& milliseconds(std::string_view key, Duration length) noexcept {
    const auto us = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(length).count());
    number(key, static_cast<std::uint64_t>(us / 1000));
    const char fraction[] = {'.', digit(us, 100), digit(us, 10), digit(us, 1)};
    put({fraction, sizeof fraction});
    return *this;
  }
  /// "2026-11-29T19:35:48.123Z".
  LogLine& time(std::string_view key, std::chrono::system_clock::time_point when) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(when - day));
    begin(key);
    if (is_json()) put("\"");
    put_digits(int{date.year()}, 4, "-");
    put_digits(unsigned{date.month()}, 2, "-");
    put_digits(unsigned{date.day()}, 2, "T");
    put_digits(clock.hours().count(), 2, ":");
    put_digits(clock.minutes().count(), 2, ":");
    put_digits(clock.seconds().count(), 2, ".");
    put_digits(clock.subseconds().count(), 3, "Z");
    if (is_json()) put("\"");
    return *this;
  }

  /// The whole of it, without a newline. Once.
  [[nodiscard]] std::string_view finish() noexcept {
    if (is_json()) put("}");
    return {memory_.data(), size_};
  }

 private:
  static constexpr std::size_t longest_value = 480;  // bytes, escaped
  static constexpr std::size_t texts = 4;  // the values of which one line has so long ones: pool, server, error, site

  [[nodiscard]] bool is_json() const noexcept { return format_ == LogFormat::json; }
  [[nodiscard]] static char digit(std::int64_t number, std::int64_t unit) noexcept {
    return static_cast<char>('0' + number / unit % 10);
  }
  template <class Number>
  void put_digits(Number number, int digits, std::string_view behind) noexcept {
    std::int64_t unit = 1;
    for (int i = 1; i < digits; ++i) unit *= 10;
    for (; unit > 0; unit /= 10) {
      const char one = digit(static_cast<std::int64_t>(number), unit);
      put({&one, 1});
    }
    put(behind);
  }
  void begin(std::string_view key) noexcept {
    if (!is_first_) put(is_json() ? "," : " ");
    is_first_ = false;
    if (is_json()) put("\"");
    put(key);
    put(is_json() ? "\":" : "=");
  }
  [[nodiscard]] static bool needs_quotes(std::string_view value) noexcept {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
             const auto byte = static_cast<unsigned char>(c);
             return byte <= ' ' || byte >= 0x7F || c == '"' || c == '=' || c == '\\';
           });
  }
  void put_value(std::string_view value) noexcept {
    std::size_t left = longest_value;
    bool cut = false;
    put_without_credentials(value, [&](std::string_view piece) {
      put_json_text(piece, [&](std::string_view escaped) {
        cut = cut || left < escaped.size();
        if (cut) return;
        left -= escaped.size();
        put(escaped);
      });
    });
    if (cut) put("...");
  }
  void put(std::string_view piece) noexcept {
    piece = piece.substr(0, memory_.size() - size_);
    std::memcpy(memory_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  }

  const LogFormat format_;
  bool is_first_ = true;
  std::size_t size_ = 0;
  std::array<char, texts*(longest_value + 3) + 512> memory_;
};

}  // namespace carpool::inline v0_1::detail

/// What a collector's answer means for what it was sent.
#pragma once

#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1::detail {

/// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response.
enum class OtlpVerdict : std::uint8_t {
  taken,    ///< 200 to 299, if only in part
  retry,    ///< 429, 502, 503, 504
  refused,  ///< anything else: it would answer the same again
};
[[nodiscard]] constexpr OtlpVerdict otlp_verdict(int status) noexcept {
  if (status >= 200 && status < 300) return OtlpVerdict::taken;
  const bool passes = status == 429 || status == 502 || status == 503 || status == 504;
  return passes ? OtlpVerdict::retry : OtlpVerdict::refused;
}

/// A whole decimal number; std::nullopt: it is none, or too large.
template <class Number>
[[nodiscard]] std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

/// RFC 9110, section 5.6.7, as it is to be sent: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] inline std::optional<std::chrono::sys_seconds> read_http_date(std::string_view text) noexcept {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
  const auto part = [text](std::size_t at, std::size_t size) { return whole_number<unsigned>(text.substr(at, size)); };
  const std::size_t month = months.find(text.substr(8, 3));
  const auto day = part(5, 2), year = part(12, 4), hour = part(17, 2), minute = part(20, 2), second = part(23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute || !second)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(*day));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

/// Of a header Retry-After: seconds, or a date. At most an hour: a collector's clock, or ours, may be wrong.
/// std::nullopt: there is none that can be understood.
[[nodiscard]] inline std::optional<Duration> read_retry_after(std::string_view value,
                                                              std::chrono::system_clock::time_point now) noexcept {
  constexpr std::chrono::seconds longest = std::chrono::hours(1);
  if (const auto seconds = whole_number<std::uint32_t>(value)) return std::min(longest, std::chrono::seconds(*seconds));
  const auto date = read_http_date(value);
  if (!date) return std::nullopt;
  // In seconds: a date of the middle ages is too far away for nanoseconds.
  return std::clamp(*date - std::chrono::floor<std::chrono::seconds>(now), std::chrono::seconds(0), longest);
}

/// How many spans or data points an answer of 200 says were rejected: partialSuccess of an Export...ServiceResponse.
/// The body is searched, not parsed: what is no such answer counts as none.
[[nodiscard]] inline std::uint64_t read_rejected(std::string_view body) noexcept {
  for (const std::string_view key : {"\"rejectedSpans\"", "\"rejectedDataPoints\""}) {
    const std::size_t at = body.find(key);
    if (at == std::string_view::npos) continue;
    const std::string_view behind = body.substr(at + key.size());
    const std::size_t begin = behind.find_first_not_of(" \t\r\n:\"");
    if (begin == std::string_view::npos) continue;
    const std::size_t size = std::min(behind.find_first_not_of("0123456789", begin), behind.size()) - begin;
    return whole_number<std::uint64_t>(behind.substr(begin, size)).value_or(0);
  }
  return 0;
}

}  // namespace carpool::inline v0_1::detail

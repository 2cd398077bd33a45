/// Which trace, and which span of it, something belongs to: the W3C trace context.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1 {

namespace detail {

/// 16 digits, as both W3C and OTLP want them: in small letters. Throws std::bad_alloc.
inline void append_hex(std::string& to, std::uint64_t number, int digits = 16) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    to += "0123456789abcdef"[(number >> static_cast<unsigned>(shift)) & 0xFU];
}

/// std::nullopt: not each character is a digit 0 to 9 or a to f.
[[nodiscard]] inline std::optional<std::uint64_t> read_hex(std::string_view text) noexcept {
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace detail

/// A value. What the header tracestate carries beside it is no part of it: this library starts no request of its own
/// in the user's name, so the user passes that on.
/// Source: W3C Trace Context, https://www.w3.org/TR/trace-context/, section 3.2.
struct TraceContext {
  static constexpr std::uint8_t sampled_flag = 1;  ///< whoever called may have recorded this
  static constexpr std::uint8_t random_flag = 2;   ///< of level 2: the trace's id is random

  std::uint64_t trace_high = 0;  ///< the first half of the trace's id
  std::uint64_t trace_low = 0;   ///< the second half
  std::uint64_t span = 0;        ///< the span's id; traceparent's parent-id
  std::uint8_t flags = 0;        ///< sampled_flag, random_flag; what else is set is not passed on

  /// Neither id is zero; all others mean that there is no trace.
  [[nodiscard]] constexpr bool valid() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
  [[nodiscard]] constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }  ///< its flag

  /// A header's value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". std::nullopt: it is to be ignored, as
  /// the recommendation says, and a new trace begins. Of a version that came later, what this one knows is taken.
  [[nodiscard]] static std::optional<TraceContext> parse(std::string_view traceparent) noexcept {
    if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-')
      return std::nullopt;
    const auto part = [traceparent](std::size_t at, std::size_t size) {
      return detail::read_hex(traceparent.substr(at, size));
    };
    const auto format = part(0, 2), high = part(3, 16), low = part(19, 16), span = part(36, 16), flags = part(53, 2);
    if (!format || !high || !low || !span || !flags || *format == 0xFF) return std::nullopt;
    if (traceparent.size() > 55 && (*format == 0 || traceparent[55] != '-')) return std::nullopt;
    const std::uint64_t known = *format == 0 ? sampled_flag | random_flag : sampled_flag;
    const TraceContext context{*high, *low, *span, static_cast<std::uint8_t>(*flags & known)};
    return context.valid() ? std::optional(context) : std::nullopt;
  }
  /// For the header of a request, in version 00. Throws std::bad_alloc.
  [[nodiscard]] std::string traceparent() const {
    std::string text = "00-" + trace_id() + '-' + span_id() + '-';
    detail::append_hex(text, flags & (sampled_flag | random_flag), 2);
    return text;
  }
  /// 32 hexadecimal digits, for a log. Throws std::bad_alloc.
  [[nodiscard]] std::string trace_id() const {
    std::string text;
    detail::append_hex(text, trace_high);
    detail::append_hex(text, trace_low);
    return text;
  }
  /// 16 hexadecimal digits. Throws std::bad_alloc.
  [[nodiscard]] std::string span_id() const {
    std::string text;
    detail::append_hex(text, span);
    return text;
  }

  friend constexpr bool operator==(const TraceContext&, const TraceContext&) noexcept = default;
};

}  // namespace carpool::inline v0_1

/// Text as JSON has it between quotes.
#pragma once

#include <cstddef>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// How many bytes at the front are one character of UTF-8 (RFC 3629); 0: none is.
[[nodiscard]] constexpr std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool shortest = first != 0xE0 || byte(1) >= 0xA0;
    const bool no_surrogate = first != 0xED || byte(1) < 0xA0;
    return follows(1) && follows(2) && shortest && no_surrogate ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  const bool in_range = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) < 0x90);
  return follows(1) && follows(2) && follows(3) && in_range ? 4 : 0;
}

/// put(std::string_view) for each piece of the text, escaped as RFC 8259 has it. What is no UTF-8 becomes U+FFFD.
template <class Put>
void put_json_text(std::string_view text, Put put) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t length = 0; !text.empty(); text.remove_prefix(length == 0 ? 1 : length)) {
    length = utf8_length(text);
    const char front = text.front();
    if (length == 0) {
      put("\xEF\xBF\xBD");
    } else if (front == '"' || front == '\\') {
      const char escaped[] = {'\\', front};
      put(std::string_view(escaped, 2));
    } else if (static_cast<unsigned char>(front) < 0x20 || front == 0x7F) {
      const auto code = static_cast<unsigned char>(front);
      const char escaped[] = {'\\', 'u', '0', '0', digits[code >> 4U], digits[code & 0xFU]};
      put(std::string_view(escaped, 6));
    } else {
      put(text.substr(0, length));
    }
  }
}

}  // namespace carpool::inline v0_1::detail

/// Writes JSON (RFC 8259) that is also inert where it stands in HTML.
#pragma once

#include <carpool/text/json_nesting.hpp>
#include <carpool/text/json_text.hpp>
#include <carpool/time.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// Commas come by themselves.
class Json : public JsonNesting<Json> {
 public:
  /// The name of what comes next.
  Json& key(std::string_view name) { return value(name).expect_value(); }
  /// Bytes that are no UTF-8 become U+FFFD.
  Json& value(std::string_view text) {
    separate();
    text_ += '"';
    while (!text.empty()) append_character(text);
    text_ += '"';
    return *this;
  }
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(std::same_as<bool> auto is) { return raw(is ? "true" : "false"); }
  Json& value(std::unsigned_integral auto number)
    requires(!std::same_as<decltype(number), bool>)
  {
    std::array<char, 20> digits;  // of 2^64 - 1
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  /// In seconds, exactly; null for carpool::forever.
  Json& value(Duration length) {
    if (length == forever) return null();
    if (length < Duration::zero()) length = Duration::zero();
    constexpr std::uint64_t per_second = 1'000'000'000;
    const auto ns = static_cast<std::uint64_t>(length.count());
    value(ns / per_second);
    append_fraction(ns % per_second);
    return *this;
  }
  Json& null() { return raw("null"); }

  template <class Value>
  Json& field(std::string_view name, const Value& is) {
    return key(name).value(is);
  }

 private:
  void append_fraction(std::uint64_t ns) {
    if (ns == 0) return;
    std::array<char, 10> digits{'.'};
    for (std::size_t i = digits.size(); i-- > 1; ns /= 10) digits[i] = static_cast<char>('0' + ns % 10);
    std::size_t length = digits.size();
    while (digits[length - 1] == '0') --length;
    text_.append(digits.data(), length);
  }
  /// One character, which is taken from the front.
  void append_character(std::string_view& text) {
    const std::size_t length = utf8_length(text);
    const char first = text.front();
    if (length == 0) {
      text_ += "\\ufffd";
    } else if (length == 1 && (first < ' ' || std::string_view("\"\\<>&\x7f").find(first) != std::string_view::npos)) {
      append_escaped(first);
    } else {
      text_.append(text, 0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  void append_escaped(char character) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(character);
    text_ += "\\u00";
    text_ += digits[code >> 4U];
    text_ += digits[code & 15U];
  }
};

}  // namespace carpool::inline v0_1::detail

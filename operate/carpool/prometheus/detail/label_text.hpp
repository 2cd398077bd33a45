/// A label's value as Prometheus takes it: UTF-8, which its text format requires, without a NUL.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// How many bytes the character has that `text` begins with; 0: none that UTF-8 allows (RFC 3629, section 4).
[[nodiscard]] inline std::size_t character_length(std::string_view text) noexcept {
  struct Form {
    unsigned char first, last;  // the first byte lies between these,
    unsigned char least, most;  // the second between these,
    std::size_t length;         // and the others of so many between 0x80 and 0xBF
  };
  constexpr std::array forms = {
      Form{0x01, 0x7F, 0x80, 0xBF, 1}, Form{0xC2, 0xDF, 0x80, 0xBF, 2}, Form{0xE0, 0xE0, 0xA0, 0xBF, 3},
      Form{0xE1, 0xEC, 0x80, 0xBF, 3}, Form{0xED, 0xED, 0x80, 0x9F, 3}, Form{0xEE, 0xEF, 0x80, 0xBF, 3},
      Form{0xF0, 0xF0, 0x90, 0xBF, 4}, Form{0xF1, 0xF3, 0x80, 0xBF, 4}, Form{0xF4, 0xF4, 0x80, 0x8F, 4}};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto is_between = [](unsigned char value, unsigned char least, unsigned char most) {
    return least <= value && value <= most;
  };
  const auto* const form = std::find_if(forms.begin(), forms.end(),
                                        [&](const Form& each) { return is_between(byte(0), each.first, each.last); });
  if (form == forms.end() || text.size() < form->length) return 0;
  if (form->length > 1 && !is_between(byte(1), form->least, form->most)) return 0;
  for (std::size_t i = 2; i < form->length; ++i)
    if (!is_between(byte(i), 0x80, 0xBF)) return 0;
  return form->length;
}

/// `text`, with a question mark for each byte that Prometheus would refuse, and with it the whole scrape. The usual
/// U+FFFD would be no better: no query may name it.
[[nodiscard]] inline std::string label_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    out += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

}  // namespace carpool::inline v0_1::detail

/// The fields of a form, as application/x-www-form-urlencoded has them.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// Nothing where a % is not followed by two hexadecimal digits.
[[nodiscard]] inline std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return {};
    decoded += static_cast<char>(code);
    i += 2;
  }
  return decoded;
}

/// The first field of that name, decoded; nothing where there is none, or no whole one.
[[nodiscard]] inline std::optional<std::string> form_field(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos)
      return percent_decoded(pair.substr(equals + 1));
    form.remove_prefix(pair.size());
    if (!form.empty()) form.remove_prefix(1);
  }
  return {};
}

}  // namespace carpool::inline v0_1::detail

/// A text without what a URL in it has between "://" and "@".
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// This library's connectors put no password into an error; a user's own may, with the URL that it failed to reach.
[[nodiscard]] inline std::string redacted(std::string_view text) {
  std::string clean;
  for (std::size_t scheme = 0; (scheme = text.find("://")) != std::string_view::npos;) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n'\"<>", begin), text.size());
    const std::size_t at = text.substr(0, end).rfind('@');
    clean.append(text, 0, begin);
    if (at != std::string_view::npos && at >= begin) {
      clean += "***";
      text.remove_prefix(at);
    } else {
      text.remove_prefix(begin);
    }
  }
  return clean.append(text);
}

}  // namespace carpool::inline v0_1::detail

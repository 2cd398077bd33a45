/// Text that may hold a URL's or a connection string's password, without it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// Up to where a user and a password before an '@' reach, in what follows "://"; 0: there are none.
[[nodiscard]] constexpr std::size_t userinfo_length(std::string_view text) noexcept {
  const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'<>"), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');  // a raw password may have slashes and more of these in it
  return at == std::string_view::npos ? 0 : at;
}

/// In letters of any case; npos: it is not there.
[[nodiscard]] constexpr std::size_t find_key(std::string_view text, std::string_view key) noexcept {
  const auto same = [](char left, char right) {
    return (left >= 'A' && left <= 'Z' ? left + ('a' - 'A') : left) == right;
  };
  const auto found = std::search(text.begin(), text.end(), key.begin(), key.end(), same);
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

/// put(std::string_view) for each piece of the text, "***" in place of what stands before the '@' of a URL and behind
/// "password=". It would rather hide too much: it is for messages of drivers that this library did not write, whose own
/// connectors keep passwords out of theirs.
template <class Put>
void put_without_credentials(std::string_view text, Put put) {
  constexpr std::string_view scheme_end = "://";
  constexpr std::string_view key = "password=";
  while (!text.empty()) {
    const std::size_t url = text.find(scheme_end);
    const std::size_t value = find_key(text, key);
    const bool is_url = url < value;
    const std::size_t begin = is_url ? url + scheme_end.size() : value + key.size();
    if (url == value) return put(text);  // neither is there
    put(text.substr(0, begin));
    text.remove_prefix(begin);
    const std::size_t hidden = is_url ? userinfo_length(text) : std::min(text.find_first_of(" \t\r\n&;"), text.size());
    if (hidden > 0) put("***");
    text.remove_prefix(hidden);
  }
}

/// The same as a value. Throws std::bad_alloc.
[[nodiscard]] inline std::string without_credentials(std::string_view text) {
  std::string clean;
  put_without_credentials(text, [&clean](std::string_view piece) { clean += piece; });
  return clean;
}

}  // namespace carpool::inline v0_1::detail

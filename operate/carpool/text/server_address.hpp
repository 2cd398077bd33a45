/// What a connector says that it connects to, as OpenTelemetry's attributes name it.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1::detail {

/// server.address and server.port. Lifetime: a view into what it was read from.
struct ServerAddress {
  std::string_view address;                ///< a name, a number without brackets, or a path; never a user or a password
  std::optional<std::uint16_t> port = {};  ///< std::nullopt: none was said
};

/// Of "db.example:5432", "[::1]:6379/0", "unix:/run/redis.sock", "postgres://user:secret@db/app", "/var/notes.db". What
/// is none of these is an address as a whole.
[[nodiscard]] inline ServerAddress read_server_address(std::string_view text) noexcept {
  constexpr auto none = std::string_view::npos;
  if (text.starts_with("unix:")) return {text.substr(5)};
  if (text.starts_with('/')) return {text};
  if (const std::size_t scheme = text.find("://"); scheme != none) text.remove_prefix(scheme + 3);
  if (const std::size_t at = text.rfind('@'); at != none) text.remove_prefix(at + 1);
  if (text.find(' ') != none) return {text};
  text = text.substr(0, text.find_first_of("/?"));
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : none;
  const std::size_t colon = text.find(':', bracket == none ? 0 : bracket);
  if (bracket == none && colon != text.rfind(':')) return {text};  // a number of IPv6 without brackets
  ServerAddress found{bracket == none ? text.substr(0, colon) : text.substr(1, bracket - 1)};
  if (colon == none) return found;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return {text};
  found.port = port;
  return found;
}

}  // namespace carpool::inline v0_1::detail

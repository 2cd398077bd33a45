/// How an address stands in error texts.
#pragma once

#include <cstdint>
#include <string>

namespace carpool::inline v0_1::detail {

/// "db.example:5432", "[::1]:5432".
[[nodiscard]] inline std::string address_text(const std::string& host, std::uint16_t port) {
  const bool bare = host.find(':') == std::string::npos;
  return (bare ? host : '[' + host + ']') + ':' + std::to_string(port);
}

}  // namespace carpool::inline v0_1::detail

/// Where a server on a Unix socket is: the target of a pool for many of them.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>

namespace carpool::inline v0_1 {

/// For designated initialisers. The path "@name" is the abstract name, which has no file.
struct UnixAddress {
  std::string path = {};  ///< at most 107 bytes, as sockaddr_un has it

  [[nodiscard]] const std::string& to_string() const noexcept { return path; }  ///< the path. Lifetime: the address's

  friend bool operator==(const UnixAddress&, const UnixAddress&) = default;
  friend auto operator<=>(const UnixAddress&, const UnixAddress&) = default;
};

}  // namespace carpool::inline v0_1

template <>
struct std::hash<carpool::UnixAddress> {
  [[nodiscard]] std::size_t operator()(const carpool::UnixAddress& address) const noexcept {
    return std::hash<std::string>()(address.path);
  }
};

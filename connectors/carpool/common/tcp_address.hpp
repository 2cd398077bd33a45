/// Where a TCP server is: the target of a pool for many of them.
#pragma once

#include <carpool/common/url.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order. A host is a name or a number, without brackets; two spellings of one
/// server ("localhost", "127.0.0.1") are two addresses.
struct TcpAddress {
  std::string host = {};   ///< as it is passed to the resolver, or compared: no case is folded
  std::uint16_t port = 0;  ///< 0 is not set: parse() refuses it

  /// "db.example:7", "127.0.0.1:7" or "[::1]:7". Throws std::invalid_argument for anything else.
  [[nodiscard]] static TcpAddress parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    const bool plain = !host.empty() && host.find_first_of("[]:/@ ") == std::string_view::npos;
    if (colon == std::string_view::npos || (!bracketed && !plain))
      throw std::invalid_argument("TcpAddress: it is not host:port, or [number]:port for IPv6");
    return {std::string(bracketed ? host.substr(1, host.size() - 2) : host), detail::url_port(text.substr(colon + 1))};
  }

  /// As parse() takes it.
  [[nodiscard]] std::string to_string() const {
    const bool bare = host.find(':') == std::string::npos;
    return (bare ? host : '[' + host + ']') + ':' + std::to_string(port);
  }

  friend bool operator==(const TcpAddress&, const TcpAddress&) = default;
  friend auto operator<=>(const TcpAddress&, const TcpAddress&) = default;
};

}  // namespace carpool::inline v0_1

template <>
struct std::hash<carpool::TcpAddress> {
  [[nodiscard]] std::size_t operator()(const carpool::TcpAddress& address) const noexcept {
    return std::hash<std::string>()(address.host) * 31 + address.port;
  }
};

/// What an AdminPage is told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
struct AdminPageOptions {
  /// TCP; 0, the default: any that is free. AdminPage::port() says which.
  std::uint16_t port = 0;
  /// The IPv4 or IPv6 address to listen on. Default 127.0.0.1: this machine alone. "0.0.0.0": whoever reaches it,
  /// without encryption.
  std::string address = "127.0.0.1";
  /// Names under which it may be asked for, beside localhost and any IP address: "pools.example", without a port. A
  /// request for another host gets 403, so that no foreign page can read this one by a DNS name of its own (DNS
  /// rebinding).
  std::vector<std::string> hosts = {};
  /// With it the page may also steer: it must then come with each request to change something, as "Authorization:
  /// Bearer <token>" (RFC 6750). At least 16 visible ASCII characters. Empty, the default: nothing can be changed.
  std::string steering_token = {};
};

/// Throws std::invalid_argument naming the field and the bound; it never contains the token. AdminPage's constructor
/// calls it.
inline void validate(const AdminPageOptions& options) {
  constexpr std::size_t shortest_token = 16;
  in6_addr parsed{};
  if (::inet_pton(AF_INET, options.address.c_str(), &parsed) != 1 &&
      ::inet_pton(AF_INET6, options.address.c_str(), &parsed) != 1) {
    throw std::invalid_argument("carpool's admin page: address '" + options.address +
                                "' must be an IPv4 or IPv6 address, not a name");
  }
  const auto& token = options.steering_token;
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!token.empty() && (token.size() < shortest_token || !std::all_of(token.begin(), token.end(), is_visible))) {
    throw std::invalid_argument(
        "carpool's admin page: steering_token must be empty, or at least 16 visible ASCII "
        "characters without spaces");
  }
}

}  // namespace carpool::inline v0_1

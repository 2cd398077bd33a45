/// Who may ask an admin page, and who may steer by it: rules on headers alone.
#pragma once

#include <carpool/admin/detail/message.hpp>
#include <carpool/admin/options.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// "pools.example:8080" without its port; of "[::1]:8080" what stands in the brackets.
[[nodiscard]] inline std::string_view host_of(std::string_view authority) noexcept {
  if (!authority.empty() && authority.front() == '[') return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

[[nodiscard]] inline bool is_address(std::string_view host) {
  const std::string text(host);
  in6_addr parsed{};
  return ::inet_pton(AF_INET, text.c_str(), &parsed) == 1 || ::inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

[[nodiscard]] inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// In a time that depends on the lengths alone.
[[nodiscard]] inline bool equals_in_constant_time(std::string_view given, std::string_view secret) noexcept {
  volatile unsigned char difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(given[i] ^ expected));
  }
  return difference == 0;
}

class AdminGuard {
 public:
  explicit AdminGuard(AdminPageOptions options) : options_(std::move(options)) {}

  /// A name that somebody else's DNS server may point here is refused; an address cannot be pointed anywhere. A browser
  /// always sends a host; a load balancer's probe may not.
  [[nodiscard]] bool knows_host(const AdminRequest& request) const {
    const std::string_view host = host_of(request.host);
    const auto is_host = [host](std::string_view known) { return equals_ignoring_case(host, known); };
    return request.host.empty() || is_host("localhost") ||
           std::any_of(options_.hosts.begin(), options_.hosts.end(), is_host) || is_address(host);
  }
  /// Not sent by a page of another origin. Browsers say so, in Sec-Fetch-Site or in Origin; other clients say neither.
  [[nodiscard]] static bool is_same_origin(const AdminRequest& request) noexcept {
    const auto site = request.fetch_site;
    if (!site.empty() && site != "same-origin" && site != "none") return false;
    if (request.origin.empty()) return true;
    const std::size_t scheme = request.origin.find("://");  // https before a proxy that ends TLS
    return scheme != std::string_view::npos && equals_ignoring_case(request.origin.substr(scheme + 3), request.host);
  }
  [[nodiscard]] bool steers() const noexcept { return !options_.steering_token.empty(); }
  [[nodiscard]] bool has_token(const AdminRequest& request) const noexcept {
    constexpr std::string_view scheme = "Bearer ";
    const auto given = request.authorization;
    return steers() && equals_ignoring_case(given.substr(0, scheme.size()), scheme) &&
           equals_in_constant_time(given.substr(scheme.size()), options_.steering_token);
  }

 private:
  AdminPageOptions options_;
};

}  // namespace carpool::inline v0_1::detail

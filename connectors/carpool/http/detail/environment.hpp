/// The proxy that the environment names for a host, where somebody asked for it.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/http/message.hpp>
#include <carpool/http/options.hpp>

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// Of the list in no_proxy: "*", a host, or the end of one ("example.com" is also "www.example.com").
[[nodiscard]] inline bool is_excepted_from_proxy(std::string_view host, std::string_view exceptions) {
  while (!exceptions.empty()) {
    std::string_view one = cut_before(exceptions, ',');
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*") return true;
    if (one.starts_with('.')) one.remove_prefix(1);
    if (one.empty() || one.size() > host.size()) continue;
    const std::size_t begin = host.size() - one.size();
    if (same_header_name(host.substr(begin), one) && (begin == 0 || host[begin - 1] == '.')) return true;
  }
  return false;
}

/// Not HTTP_PROXY: in a CGI program that would be a header of whoever asks.
[[nodiscard]] inline std::optional<HttpProxy> proxy_from_environment(bool encrypted, std::string_view host) {
  const auto read = [](const char* small, const char* capital) -> std::string {
    const char* value = std::getenv(small);
    if (value == nullptr && capital != nullptr) value = std::getenv(capital);
    return value == nullptr ? "" : value;
  };
  std::string text = encrypted ? read("https_proxy", "HTTPS_PROXY") : read("http_proxy", nullptr);
  if (text.empty()) text = read("all_proxy", "ALL_PROXY");
  if (text.empty() || is_excepted_from_proxy(host, read("no_proxy", "NO_PROXY"))) return std::nullopt;
  if (text.find("://") == std::string::npos) text = "http://" + text;
  const Url url = Url::parse(text);
  require_http(url.scheme == "http" && url.hosts.size() == 1, "the environment's proxy must be http://host:port");
  return HttpProxy{.host = url.hosts.front().host,
                   .port = url.hosts.front().port.value_or(1080),
                   .user = url.user.value_or(""),
                   .password = url.password.value_or("")};
}

}  // namespace carpool::inline v0_1::detail

/// Where the echo server is: tcp://host:port or unix:///path.
#pragma once

#include "usage_error.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace carpool::compare {

/// An address to connect to. A Unix one has a path and no port.
struct Endpoint {
  enum class Kind : std::uint8_t {
    tcp,        ///< host and port
    unix_path,  ///< a socket in the file system
  };
  Kind kind = Kind::tcp;
  std::string host;
  std::uint16_t port = 0;
  std::string path;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

namespace detail {

inline constexpr std::string_view url_forms = "write tcp://host:port, tcp://[ipv6]:port or unix:///path";

[[noreturn]] inline void refuse_url(std::string_view url, const std::string& why) {
  throw UsageError("--url '" + std::string(url) + "': " + why);
}

inline std::uint16_t parse_port(std::string_view url, std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || port < 1 || port > 65535) refuse_url(url, "the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

inline Endpoint parse_tcp(std::string_view url, std::string_view rest) {
  const bool bracketed = rest.starts_with('[');
  const auto host_end = bracketed ? rest.find(']') : rest.rfind(':');
  const auto host_begin = bracketed ? std::size_t{1} : std::size_t{0};
  if (host_end == std::string_view::npos || host_end <= host_begin) refuse_url(url, std::string(url_forms));
  const auto port_begin = host_end + (bracketed ? 1 : 0);
  if (port_begin >= rest.size() || rest[port_begin] != ':') refuse_url(url, std::string(url_forms));
  const auto host = rest.substr(host_begin, host_end - host_begin);
  if (!bracketed && host.find(':') != std::string_view::npos) refuse_url(url, "an IPv6 address stands in brackets");
  return {.kind = Endpoint::Kind::tcp,
          .host = std::string(host),
          .port = parse_port(url, rest.substr(port_begin + 1)),
          .path = {}};
}

inline Endpoint parse_unix(std::string_view url, std::string_view path) {
  constexpr std::size_t longest = 107;  // sockaddr_un::sun_path less its terminator
  if (!path.starts_with('/') || path.size() < 2) refuse_url(url, std::string(url_forms));
  if (path.size() > longest) refuse_url(url, "the path must be at most 107 characters long");
  return {.kind = Endpoint::Kind::unix_path, .host = {}, .port = 0, .path = std::string(path)};
}

}  // namespace detail

/// Throws UsageError in one line where the URL is not of one of the forms.
[[nodiscard]] inline Endpoint parse_endpoint(std::string_view url) {
  constexpr std::string_view tcp = "tcp://", local = "unix://";
  if (url.starts_with(tcp)) return detail::parse_tcp(url, url.substr(tcp.size()));
  if (url.starts_with(local)) return detail::parse_unix(url, url.substr(local.size()));
  detail::refuse_url(url, std::string(detail::url_forms));
}

/// The URL again.
[[nodiscard]] inline std::string to_string(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_path) return "unix://" + endpoint.path;
  const bool bracketed = endpoint.host.find(':') != std::string::npos;
  return "tcp://" + (bracketed ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace carpool::compare

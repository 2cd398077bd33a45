/// A connection's address as users write it: "scheme://user:password@host:port,host:port/path?option=value".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// One place where a server may be.
struct UrlHost {
  std::string host;                        ///< a name or a number, without the brackets of IPv6
  std::optional<std::uint16_t> port = {};  ///< none: the scheme's own

  friend bool operator==(const UrlHost&, const UrlHost&) = default;
};

namespace detail {

/// No part of the URL is shown: where it is malformed, one cannot know which part is the password.
[[noreturn]] inline void refuse_url(const std::string& reason) { throw std::invalid_argument("URL: " + reason); }

/// -1 where it is none.
constexpr int hexadecimal_digit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

[[nodiscard]] inline std::string percent_decoded(std::string_view text, const char* part) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hexadecimal_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hexadecimal_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) refuse_url(std::string("the ") + part + " has a % that no two hexadecimal digits follow");
    if (high + low == 0) refuse_url(std::string("the ") + part + " has a NUL byte");
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return plain;
}

/// What RFC 3986 section 2.3 calls unreserved stays, and kept too.
[[nodiscard]] inline std::string percent_encoded(std::string_view text, std::string_view kept = "") {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char one : text) {
    if (unreserved.find(one) != std::string_view::npos || kept.find(one) != std::string_view::npos) {
      encoded += one;
      continue;
    }
    const auto byte = static_cast<unsigned char>(one);
    (encoded += '%') += digits[byte / 16U];
    encoded += digits[byte % 16U];
  }
  return encoded;
}

/// Cuts what stands before the separator off text; all of it where there is none.
inline std::string_view cut_before(std::string_view& text, char separator) noexcept {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return before;
}

[[nodiscard]] inline std::uint16_t url_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
    refuse_url("a port is not a number from 1 to 65535");
  return port;
}

[[nodiscard]] inline UrlHost url_host(std::string_view text) {
  std::string_view host = text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) refuse_url("a bracket before a host is not closed");
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') refuse_url("a bracketed host is followed by neither a colon nor a slash");
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
  }
  if (host.empty()) refuse_url("a host is empty");
  UrlHost parsed{percent_decoded(host, "host")};
  if (text.size() > 1) parsed.port = url_port(text.substr(1));
  return parsed;
}

}  // namespace detail

/// By RFC 3986, and with several hosts between commas, as libpq's URIs have them. All parts but the scheme and the port
/// are percent-decoded.
struct Url {
  std::string scheme;                                   ///< in small letters
  std::optional<std::string> user = {}, password = {};  ///< an empty user is none; an empty password is one
  std::vector<UrlHost> hosts = {};                      ///< none in unix:///path and sqlite:///path
  std::string path = {};                                ///< with its leading slash, or empty
  /// Name and value in the URL's order; a name may come again.
  std::vector<std::pair<std::string, std::string>> options = {};

  static constexpr std::size_t max_bytes = 16384;  ///< parse() refuses a longer text

  /// Throws std::invalid_argument that says what is wrong and shows nothing that could be a password.
  [[nodiscard]] static Url parse(std::string_view text) {
    check_bytes(text);
    const std::size_t end = text.find("://");
    if (end == std::string_view::npos) detail::refuse_url("it does not begin with a scheme and ://");
    Url url{scheme_of(text.substr(0, end))};
    text.remove_prefix(end + 3);
    const std::size_t authority = std::min(text.find_first_of("/?"), text.size());
    url.take_authority(text.substr(0, authority));
    text.remove_prefix(authority);
    url.path = detail::percent_decoded(detail::cut_before(text, '?'), "path");
    while (!text.empty()) url.take_option(detail::cut_before(text, '&'));
    return url;
  }

  /// The same URL, fit to be shown: no password, neither before the host nor among the options.
  [[nodiscard]] std::string redacted() const {
    return written([](std::string_view) { return std::string("***"); });
  }
  /// With the password.
  [[nodiscard]] std::string to_string() const {
    return written([](std::string_view secret) { return detail::percent_encoded(secret); });
  }

  /// Throws std::invalid_argument where there is not exactly one.
  [[nodiscard]] const UrlHost& only_host() const {
    if (hosts.size() != 1) detail::refuse_url(scheme + " needs one host, not " + std::to_string(hosts.size()));
    return hosts.front();
  }
  /// Throws std::invalid_argument where the scheme is none of these.
  void require_scheme(std::initializer_list<std::string_view> allowed) const {
    std::string list;
    for (const std::string_view one : allowed) {
      if (scheme == one) return;
      list += (list.empty() ? "" : " or ") + std::string(one) + "://";
    }
    detail::refuse_url("the scheme is not " + list);
  }

  /// The same with this host alone.
  [[nodiscard]] Url with_host(UrlHost host) const {
    Url url = *this;
    url.hosts = {std::move(host)};
    return url;
  }

 private:
  static void check_bytes(std::string_view text) {
    if (text.size() > max_bytes) detail::refuse_url("it has more than " + std::to_string(max_bytes) + " bytes");
    const auto forbidden = [](char one) { return static_cast<unsigned char>(one) <= ' ' || one == '\x7f'; };
    if (std::any_of(text.begin(), text.end(), forbidden))
      detail::refuse_url("it has a NUL, a blank or another control character");
    if (text.find('#') != std::string_view::npos)
      detail::refuse_url("it has a fragment (#); write %23 for the character");
  }

  [[nodiscard]] static std::string scheme_of(std::string_view text) {
    std::string small;
    for (const char one : text) small += one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
    if (small.empty() || small[0] < 'a' || small[0] > 'z' || small.find_first_not_of(allowed) != std::string::npos)
      detail::refuse_url("the scheme is not a letter followed by letters, digits, +, - or .");
    return small;
  }

  void take_authority(std::string_view text) {
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
      std::string_view secret = text.substr(0, at);
      const bool has_password = secret.find(':') != std::string_view::npos;
      user = detail::percent_decoded(detail::cut_before(secret, ':'), "user");
      if (has_password) password = detail::percent_decoded(secret, "password");
      if (user->empty()) user.reset();
      text.remove_prefix(at + 1);
    }
    if (text.ends_with(',')) detail::refuse_url("a host is empty");
    while (!text.empty()) hosts.push_back(detail::url_host(detail::cut_before(text, ',')));
  }

  void take_option(std::string_view text) {
    std::string key = detail::percent_decoded(detail::cut_before(text, '='), "name of an option");
    if (key.empty()) detail::refuse_url("an option has no name");
    options.emplace_back(std::move(key), detail::percent_decoded(text, "value of an option"));
  }

  template <class Secret>
  [[nodiscard]] std::string written(Secret secret) const {
    std::string text = scheme + "://";
    if (user) text += detail::percent_encoded(*user);
    if (password) text += ':' + secret(*password);
    if (user || password) text += '@';
    for (const UrlHost& one : hosts) text += (&one == hosts.data() ? "" : ",") + named(one);
    text += detail::percent_encoded(path, "/");
    for (const auto& [key, value] : options) {
      text += (&key == &options.front().first ? '?' : '&') + detail::percent_encoded(key) + '=';
      text += is_secret(key) ? secret(value) : detail::percent_encoded(value, "/:,");
    }
    return text;
  }

  [[nodiscard]] static std::string named(const UrlHost& one) {
    const bool brackets = one.host.find(':') != std::string::npos;
    const std::string name =
        brackets ? '[' + detail::percent_encoded(one.host, ":") + ']' : detail::percent_encoded(one.host);
    return one.port ? name + ':' + std::to_string(*one.port) : name;
  }

  [[nodiscard]] static bool is_secret(std::string_view key) {
    return key.find("pass") != std::string_view::npos || key.find("secret") != std::string_view::npos ||
           key.find("token") != std::string_view::npos;
  }
};

}  // namespace carpool::inline v0_1

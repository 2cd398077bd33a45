/// Reads an HttpConnector from a URL: "https://user:password@host:8443?ca_file=/etc/app/ca.pem".
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/http/message.hpp>
#include <carpool/http/options.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// What may stand between "//" and the next slash, and nothing that would end it early.
[[nodiscard]] inline bool is_http_host(std::string_view host) noexcept {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':';
  });
}

template <class Field, class Value>
void take_http_option(Field& field, std::optional<Value> value) {
  if (value) field = static_cast<Field>(std::move(*value));
}

template <class Connector>
void take_http_options(Connector& connector, UrlOptions& options) {
  if (connector.tls) {
    take_http_option(connector.tls->ca_file, options.text("ca_file"));
    take_http_option(connector.tls->cert_file, options.text("cert_file"));
    take_http_option(connector.tls->key_file, options.text("key_file"));
    take_http_option(connector.tls->verify, options.flag("verify"));
  }
  take_http_option(connector.unix_path, options.text("unix_path"));
  take_http_option(connector.max_redirects, options.number("max_redirects", 0, 100));
  take_http_option(connector.max_header_bytes, options.number("max_header_bytes", 1024, UINT32_MAX));
  take_http_option(connector.max_body_bytes, options.number("max_body_bytes"));
  take_http_option(connector.io_timeout, options.duration("io_timeout"));
  take_http_option(connector.proxy_from_environment, options.flag("proxy_from_environment"));
  options.refuse_others();
}

template <class Connector>
[[nodiscard]] Connector http_from_url(std::string_view text) {
  const Url url = Url::parse(text);
  require_http(url.scheme == "http" || url.scheme == "https", "the URL's scheme must be http or https");
  require_http(url.hosts.size() == 1, "the URL must have one host");
  require_http(url.path.empty() || url.path == "/", "the URL must have no path: a path is of a request");
  Connector connector{.host = url.hosts.front().host, .port = url.hosts.front().port.value_or(0)};
  if (url.scheme == "https") connector.tls.emplace();
  connector.user = url.user.value_or("");
  connector.password = url.password.value_or("");
  UrlOptions options(url);
  take_http_options(connector, options);
  connector.validate();
  return connector;
}

}  // namespace carpool::inline v0_1::detail

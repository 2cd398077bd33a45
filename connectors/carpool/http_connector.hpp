/// Opens connections to an HTTP server, plain or encrypted, that are kept from request to request.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/granted_credentials.hpp>
#include <carpool/common/server_error.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/http/connection.hpp>
#include <carpool/http/detail/environment.hpp>
#include <carpool/http/detail/session.hpp>
#include <carpool/http/message.hpp>
#include <carpool/http/options.hpp>
#include <carpool/http/url.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
///
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::HttpConnector> pool(
///       {.host = "example.com", .tls = carpool::HttpTls{}}, {.max_size = 16});
///   carpool::HttpResponse answer = pool.acquire()->get("/index.html");
///
/// connect opens the TCP connection; the handshake of TLS goes before the first request.
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, else std::system_error.
struct HttpConnector {
  template <class Backend>
  using Connection = HttpConnection<Backend>;

  std::string host;                                    ///< a name or a number, without brackets
  std::uint16_t port = 0;                              ///< 0: 443 with tls, else 80
  std::optional<HttpTls> tls = {};                     ///< std::nullopt: plain http
  std::string unix_path = {};                          ///< if not empty, where to connect; host is then only said
  std::string user = {};                               ///< for Basic authentication
  std::string password = {};                           ///< for Basic authentication
  HttpHeaders headers = {};                            ///< for each request that has none of the name
  std::optional<HttpProxy> proxy = {};                 ///< where to connect instead; std::nullopt: none
  bool proxy_from_environment = false;                 ///< http_proxy, https_proxy, no_proxy
  unsigned max_redirects = 0;                          ///< followed for GET and HEAD, and to this server alone
  std::size_t max_header_bytes = 65536;                ///< of one answer
  std::size_t max_body_bytes = std::size_t{16} << 20;  ///< of one answer; a longer one is an error
  Duration io_timeout = std::chrono::seconds(30);      ///< of each request that is given no deadline of its own
  std::string bearer_token = {};                       ///< for Bearer authentication; not together with a user
  /// Asked at each connect, for all requests on the connection; null: what is said above counts. Where neither it nor
  /// the connector has a user, its password is a bearer_token. A server refuses requests, not connects: so it is never
  /// told of what was refused.
  CredentialsProvider credentials = {};

  /// "http://user:password@host:port", the same with https://. Options: ca_file, cert_file, key_file, verify (on, off),
  /// unix_path, max_redirects, max_header_bytes, max_body_bytes, io_timeout (30s, 250ms), proxy_from_environment. The
  /// path, if there is one, must be "/": a path is of a request.
  /// Throws std::invalid_argument naming what is wrong; a password is never in the message.
  [[nodiscard]] static HttpConnector from_url(std::string_view text) {
    return detail::http_from_url<HttpConnector>(text);
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    if (!credentials) return open<Backend>(never, deadline);
    return detail::open_with_credentials<Backend>(credentials, deadline, [&](const Credentials& given) {
      return logged_in(given).open<Backend>(given.expires, deadline);
    });
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const {
    return unix_path.empty() ? detail::address_text(host, port_or_default()) : "unix:" + unix_path;
  }

  /// A status that its caller took for an error says nothing against the connection.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(HttpConnection<Backend>& connection, std::exception_ptr error) const {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const ServerError&) {
      return connection.reusable() ? Verdict::keep : Verdict::close;
    } catch (...) {
      return Verdict::close;
    }
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    using detail::require_http;
    require_http(detail::is_http_host(host), "host must be a name or an address");
    require_http(unix_path.find('\0') == std::string::npos, "unix_path must not contain a NUL");
    require_http(unix_path.empty() || !proxy, "a proxy is for host and port, not for unix_path");
    require_http(!proxy || (detail::is_http_host(proxy->host) && proxy->port != 0),
                 "proxy must have a host and a port");
    require_http(user.find_first_of(std::string_view(":\0\r\n", 4)) == std::string::npos,
                 "user must not contain a colon or a control character");
    require_http(!detail::has_control_characters(password), "password must not contain a control character");
    require_http(!detail::has_control_characters(bearer_token), "bearer_token must not contain a control character");
    require_http(bearer_token.empty() || user.empty(), "bearer_token must not be set together with a user");
    require_http(io_timeout > Duration::zero(), "io_timeout must be longer than 0");
    require_http(max_header_bytes >= 1024, "max_header_bytes must be at least 1024");
    for (const HttpHeader& header : headers) detail::validate_http_header(header);
  }

 private:
  [[nodiscard]] HttpConnector logged_in(const Credentials& given) const {
    const bool by_token = user.empty() && given.user.empty();
    HttpConnector own = *this;
    own.bearer_token = by_token ? given.password : "";
    return detail::with_credentials(std::move(own), {.user = given.user, .password = by_token ? "" : given.password});
  }
  template <class Backend>
  [[nodiscard]] Connection<Backend> open(TimePoint expires, TimePoint deadline) const {
    detail::HttpSettings settings = this->settings();
    settings.lifetime = detail::lifetime_of<Backend>(expires);
    auto socket = dial<Backend>(settings, deadline);
    return Connection<Backend>(std::make_unique<detail::HttpSession<Backend>>(std::move(socket), std::move(settings)),
                               headers, max_redirects);
  }

  [[nodiscard]] std::uint16_t port_or_default() const noexcept {
    if (port != 0) return port;
    return tls ? 443 : 80;
  }

  [[nodiscard]] detail::HttpSettings settings() const {
    detail::HttpSettings settings{.base = tls ? "https://" : "http://", .host = host, .port = port_or_default()};
    settings.base += host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != 0) settings.base += ':' + std::to_string(port);
    settings.user = user;
    settings.password = password;
    settings.bearer_token = bearer_token;
    settings.unix_path = unix_path;
    settings.tls = tls;
    settings.proxy = proxy;
    if (!proxy && proxy_from_environment) settings.proxy = detail::proxy_from_environment(tls.has_value(), host);
    settings.max_header_bytes = max_header_bytes;
    settings.max_body_bytes = max_body_bytes;
    settings.io_timeout = io_timeout;
    return settings;
  }

  template <class Backend>
  [[nodiscard]] static typename Backend::Socket dial(const detail::HttpSettings& settings, TimePoint deadline) {
    using Socket = typename Backend::Socket;
    if (!settings.unix_path.empty()) {
      return Socket::connect(Socket::Address::unix_path(settings.unix_path), typename Socket::Options{}, deadline);
    }
    const TcpConnector tcp{.host = settings.proxy ? settings.proxy->host : settings.host,
                           .port = settings.proxy ? settings.proxy->port : settings.port};
    return tcp.dial<Backend>(deadline);
  }
};

}  // namespace carpool::inline v0_1

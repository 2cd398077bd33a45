/// What is asked over HTTP and what is answered.
#pragma once

#include <carpool/common/server_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// One line of a head.
struct HttpHeader {
  std::string name;   ///< in any letters' case
  std::string value;  ///< without the blanks around it

  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};
using HttpHeaders = std::vector<HttpHeader>;  ///< in the order on the wire; a name may come more than once

namespace detail {

[[nodiscard]] inline bool same_header_name(std::string_view left, std::string_view right) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [lower](char l, char r) { return lower(l) == lower(r); });
}

}  // namespace detail

/// For designated initialisers, in this order.
struct HttpRequest {
  std::string method = "GET";  ///< a token, sent as it is: "GET"
  std::string path = "/";      ///< with its query, as it is to be sent: already percent-encoded
  HttpHeaders headers = {};    ///< goes before the connector's of the same name
  std::string body = {};       ///< sent as it is; a Content-Type is not added

  /// Whether to ask twice does no more than to ask once (RFC 9110, section 9.2.2).
  [[nodiscard]] bool is_idempotent() const noexcept {
    constexpr std::array<std::string_view, 6> methods = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  }

  /// Throws std::invalid_argument for what could not be sent as it is, or would be read as more than one request.
  void validate() const;
};

/// The server answered with a status that its caller takes for an error; code() is the status as text.
class HttpError : public ServerError {
 public:
  HttpError(int status, const std::string& what) : ServerError(std::to_string(status), what), status_(status) {}
  [[nodiscard]] int status() const noexcept { return status_; }  ///< 400 or more where throw_for_status() threw it

 private:
  int status_;
};

/// The connection ended before any of the answer came: a kept one that the server had closed, or was just about to, as
/// a rule. What was asked may have reached it all the same. Compares equal to std::errc::connection_reset.
class HttpUnanswered : public std::system_error {
 public:
  using std::system_error::system_error;
};

/// One answer, read whole.
struct HttpResponse {
  int status = 0;            ///< 200, 404 ...
  HttpHeaders headers = {};  ///< in the server's order; a name may come more than once
  std::string body = {};     ///< without its chunks; a Content-Encoding is not undone

  /// The first header of that name, whatever its letters' case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const HttpHeader& one) { return detail::same_header_name(one.name, name); });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
  }

  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }  ///< 200 to 299

  /// Throws HttpError for a status of 400 or more.
  const HttpResponse& throw_for_status() const& {
    if (status >= 400) throw HttpError(status, "the server answered with status " + std::to_string(status));
    return *this;
  }
};

namespace detail {

inline void require_http(bool holds, const std::string& rule) {
  if (!holds) throw std::invalid_argument("HTTP: " + rule);
}

/// RFC 9110's token: what a method and a header's name are made of.
[[nodiscard]] inline bool is_http_token(std::string_view text) noexcept {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}
[[nodiscard]] inline bool has_control_characters(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || byte == 0x7f;
  });
}

inline void validate_http_path(std::string_view path) {
  require_http(path.starts_with('/'), "a path must begin with a slash");
  require_http(path.find_first_of(" \t#") == std::string_view::npos && !has_control_characters(path),
               "a path must be percent-encoded: no blank, no control character, no #");
}

inline void validate_http_header(const HttpHeader& header) {
  require_http(is_http_token(header.name), "a header's name must be a token");
  require_http(!has_control_characters(header.value), "the header " + header.name + " has a control character");
  for (const std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Expect"}) {
    require_http(!same_header_name(header.name, ours), "the header " + header.name + " is for the connection to set");
  }
}

}  // namespace detail

inline void HttpRequest::validate() const {
  detail::require_http(detail::is_http_token(method) && method != "CONNECT", "the method must be a token, not CONNECT");
  detail::validate_http_path(path);
  for (const HttpHeader& header : headers) detail::validate_http_header(header);
}

}  // namespace carpool::inline v0_1

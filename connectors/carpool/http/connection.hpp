/// One connection to an HTTP server that is kept from request to request.
#pragma once

#include <carpool/http/detail/session.hpp>
#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// Every request has one deadline, default io_timeout from its start. An answer is an answer, whatever its status.
///
/// Errors:   std::invalid_argument for a request that cannot be sent. std::system_error naming the method, the host and
///           the path, without its query: std::errc::timed_out at the deadline, std::errc::message_size where the
///           answer is longer than was agreed, else libcurl's code, which compares to a std::errc where there is one.
///           HttpUnanswered where the connection ended before any of the answer came. After any of these the connection
///           is not reusable.
/// Threads:  one worker at a time.
template <class Backend>
class HttpConnection {
 public:
  using Session = detail::HttpSession<Backend>;  ///< libcurl's handle and the socket

  /// By HttpConnector: connected, before the first request.
  HttpConnection(std::unique_ptr<Session> session, HttpHeaders headers, unsigned max_redirects)
      : session_(std::move(session)), headers_(std::move(headers)), max_redirects_(max_redirects) {}

  /// As request(), with GET. path: with its query, percent-encoded.
  HttpResponse get(std::string path, std::optional<TimePoint> deadline = {}) {
    return request(HttpRequest{.path = std::move(path)}, deadline);
  }
  /// As request(), with HEAD: the answer has no body.
  HttpResponse head(std::string path, std::optional<TimePoint> deadline = {}) {
    return request(HttpRequest{.method = "HEAD", .path = std::move(path)}, deadline);
  }
  /// As request(), with POST. A redirect is not followed.
  HttpResponse post(std::string path, std::string body, HttpHeaders headers = {},
                    std::optional<TimePoint> deadline = {}) {
    return request(
        HttpRequest{.method = "POST", .path = std::move(path), .headers = std::move(headers), .body = std::move(body)},
        deadline);
  }

  /// Sends it and reads the whole answer. The connector's headers are added where the request has none of the name.
  /// Redirects of GET and HEAD within this server are followed, up to max_redirects, within the same deadline.
  HttpResponse request(HttpRequest request, std::optional<TimePoint> deadline = {}) {
    const TimePoint end = deadline ? *deadline : after(Backend::now(), session_->io_timeout());
    add_headers(request);
    HttpResponse response = session_->perform(request, end);
    for (unsigned left = max_redirects_; left > 0 && is_redirect(request, response); --left) {
      const std::string path = path_here(session_->redirect_url());
      if (path.empty() || !session_->sound()) break;
      request.path = path;
      response = session_->perform(request, end);
    }
    return response;
  }

  /// Whether the server is there and has said nothing unasked. No round trip.
  [[nodiscard]] bool is_connected() const noexcept { return session_->is_connected(); }
  /// Whether the last answer was whole and left the connection open.
  [[nodiscard]] bool reusable() const noexcept { return session_->sound(); }
  /// How many requests it has answered.
  [[nodiscard]] std::uint64_t exchanges() const noexcept { return session_->exchanges(); }
  /// -1 where the connection is over.
  [[nodiscard]] int native_handle() const noexcept { return session_->descriptor(); }
  [[nodiscard]] std::string peer() const { return session_->peer(); }  ///< the address of the server or its proxy

  /// How long it may live from its connect on: what its credentials last.
  [[nodiscard]] Duration lifetime() const noexcept { return session_->lifetime(); }
  /// Whether the last answer was read to its end.
  [[nodiscard]] bool in_step() const noexcept { return reusable(); }
  /// In a forked child: the parent's connection goes on as if nothing had happened.
  void abandon() noexcept { session_->abandon(); }

 private:
  /// A request's own header goes before the connector's of the same name.
  void add_headers(HttpRequest& request) const {
    const std::size_t own = request.headers.size();
    for (const HttpHeader& header : headers_) {
      const auto same = [&header](const HttpHeader& one) { return detail::same_header_name(one.name, header.name); };
      const auto end = request.headers.begin() + static_cast<std::ptrdiff_t>(own);
      if (std::none_of(request.headers.begin(), end, same)) request.headers.push_back(header);
    }
  }

  [[nodiscard]] static bool is_redirect(const HttpRequest& request, const HttpResponse& response) noexcept {
    const bool safe = request.method == "GET" || request.method == "HEAD";
    return safe && response.status >= 301 && response.status <= 308 && response.status != 304;
  }
  /// Empty: it leads to another server, whose connections are not ours to open.
  [[nodiscard]] std::string path_here(const std::string& url) const {
    if (!url.starts_with(session_->base() + '/')) return {};
    const std::string path = url.substr(session_->base().size());
    return path.substr(0, path.find('#'));
  }

  std::unique_ptr<Session> session_;
  HttpHeaders headers_;
  unsigned max_redirects_;
};

}  // namespace carpool::inline v0_1

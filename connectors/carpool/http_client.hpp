/// Sends each request over a connection of a pool, and once more where a kept connection turned out to have ended.
#pragma once

#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// What an HttpClient may do.
struct HttpClientOptions {
  /// Also what is not idempotent (POST, PATCH): only where the server can tell that it has had a request before.
  bool repeat_any_method = false;
};

/// A server may close a connection that it keeps at any moment, also while a request is on its way to it. So a request
/// that ended unanswered is sent once more, over a new connection, if it is idempotent (RFC 9110, section 9.2.2). The
/// pool's idle connections, most likely as stale as that one, are closed first.
///
/// Errors:   what the pool's acquire and the connection's request throw, of the second try if there was one.
/// Threads:  as its pool, which must outlive it.
template <class Pool>
class HttpClient {
 public:
  /// Does no I/O.
  explicit HttpClient(Pool& pool, HttpClientOptions options = {}) noexcept : pool_(&pool), options_(options) {}

  /// As request(), with GET.
  HttpResponse get(std::string path, std::optional<TimePoint> deadline = {}) {
    return request(HttpRequest{.path = std::move(path)}, deadline);
  }
  /// As request(), with POST: sent twice only with repeat_any_method.
  HttpResponse post(std::string path, std::string body, HttpHeaders headers = {},
                    std::optional<TimePoint> deadline = {}) {
    return request(
        HttpRequest{.method = "POST", .path = std::move(path), .headers = std::move(headers), .body = std::move(body)},
        deadline);
  }

  /// The deadline bounds both tries together, and the waits for a connection.
  HttpResponse request(const HttpRequest& request, std::optional<TimePoint> deadline = {}) {
    if (std::optional<HttpResponse> answer = first_try(request, deadline)) return *std::move(answer);
    pool_->clear();
    auto lease = acquire(deadline);
    return lease->request(request, deadline);
  }

 private:
  [[nodiscard]] auto acquire(std::optional<TimePoint> deadline) {
    return deadline ? pool_->acquire_until(*deadline) : pool_->acquire();
  }

  /// Nothing: it may be tried again. The catch block does not wait, so that fibers may run this.
  [[nodiscard]] std::optional<HttpResponse> first_try(const HttpRequest& request, std::optional<TimePoint> deadline) {
    auto lease = acquire(deadline);
    try {
      return lease->request(request, deadline);
    } catch (const HttpUnanswered&) {
      if (!options_.repeat_any_method && !request.is_idempotent()) throw;
    }
    return std::nullopt;
  }

  Pool* pool_;
  HttpClientOptions options_;
};

}  // namespace carpool::inline v0_1

/// The connection to a collector, through a pool of this library's own, which another thread may cut.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/http_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>

#include <sys/socket.h>

namespace carpool::inline v0_1::detail {

/// Used by the exporter's thread; cut() by any.
class OtlpChannel {
 public:
  explicit OtlpChannel(const OtlpOptions& options) : pool_(options.collector, pool_options(options)) {}

  /// Throws what the pool and the connection do.
  [[nodiscard]] HttpResponse post(const std::string& path, const std::string& body, TimePoint deadline) {
    auto connection = pool_.acquire_until(deadline);
    const InUse in_use(*this, connection->native_handle());
    return connection->post(path, body, {{"Content-Type", "application/json"}}, deadline);
  }
  /// What is being sent fails at once, and so does what comes after.
  void cut() noexcept {
    pool_.close();
    const std::scoped_lock lock(mutex_);
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  using Pool = ConnectionPool<ThreadBackend, LifoStack, HttpConnector>;
  /// Before the connection goes back to the pool, which may close it, its socket is nobody's to cut any more.
  class InUse {
   public:
    InUse(OtlpChannel& channel, int socket) : channel_(channel) { channel_.set(socket); }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;
    ~InUse() { channel_.set(-1); }

   private:
    OtlpChannel& channel_;
  };

  void set(int socket) {
    const std::scoped_lock lock(mutex_);
    socket_ = socket;
  }
  /// The pool's end waits for a connect that nobody answers.
  static constexpr Duration longest_connect = std::chrono::seconds(3);

  /// One connection, which is not tried twice for one request: the exporter waits longer than a pool would.
  [[nodiscard]] static PoolOptions pool_options(const OtlpOptions& options) {
    return {.name = "otlp",
            .max_size = 1,
            .acquire_timeout = options.request_timeout,
            .connect_timeout = std::min<Duration>(options.request_timeout, longest_connect),
            .close_timeout = std::chrono::milliseconds(100),
            .connect_attempts = 1,
            .connect_backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(1)}};
  }

  Pool pool_;
  std::mutex mutex_;  // for socket_, by the exporter's thread and by the one that cuts
  int socket_ = -1;
};

}  // namespace carpool::inline v0_1::detail

/// What a pool may be told, with finite defaults; a bad value is refused by name and bound.
#pragma once

#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace carpool::inline v0_1 {

/// The wait between connect attempts: initial (100 ms), then doubling up to max (5 s); each shortened by up to half at
/// random ("equal jitter"), so that clients of one dead server do not return in step.
struct Backoff {
  Duration initial = std::chrono::milliseconds(100);  ///< the longest wait after the first failure; longer than 0
  Duration max = std::chrono::seconds(5);             ///< the longest wait after any; at least initial
};

/// For designated initialisers, in this order. "None" is std::nullopt, "no limit" is carpool::forever; zero means zero.
/// A time is a std::chrono duration of any unit that fits into nanoseconds (292 years). With a connector that has
/// targets, the numbers of connections are the whole pool's, and max_waiters is each target's.
struct PoolOptions {
  /// Stands in every message and report. Default "pool".
  std::string name = "pool";
  /// Connections that exist at once: connecting, idle, in use and closing. At least 1; default 10.
  std::size_t max_size = 10;
  /// Idle connections that are kept; one too many is closed when it comes back. At most max_size, which is the default.
  std::optional<std::size_t> max_idle = {};
  /// Idle connections kept ready, beyond those that somebody waits for. At most max_idle; default 0. With targets: 0.
  std::size_t min_idle = 0;
  /// Bounds a whole acquire(): wait, connect and validation together. 0: only what is there. Default 30 s.
  Duration acquire_timeout = std::chrono::seconds(30);
  /// Bounds one attempt to connect, which goes on when its caller has given up. Longer than 0; default 10 s.
  Duration connect_timeout = std::chrono::seconds(10);
  /// Bounds the polite goodbye, Connector::invalidate. Default 1 s.
  Duration close_timeout = std::chrono::seconds(1);
  /// Connects in flight at once. At least 1; default 2.
  std::size_t max_connecting = 2;
  /// Callers that wait at once, for each target; one more gets QueueFull at once. Default no limit. 0: nobody waits; an
  /// acquire that finds no idle connection gets QueueFull, and one is opened in the background if there is room. On a
  /// SingleBackend, where nobody waits for anybody, it means nothing.
  std::optional<std::size_t> max_waiters = {};
  /// Attempts before everybody who waits gets ConnectError. At least 1; default 3.
  std::size_t connect_attempts = 3;
  /// Between attempts, and how long the breaker stays open after the last: 100 ms, doubling up to 5 s. After refused
  /// credentials it stays open for at least 30 s.
  Backoff connect_backoff = {};
  /// A connection that was used so recently is not pinged when it is handed out. 0: pinged every time. Default 500 ms.
  Duration validation_bypass_window = std::chrono::milliseconds(500);
  /// Bounds one ping or reset. Longer than 0; default 5 s.
  Duration validation_timeout = std::chrono::seconds(5);
  /// An idle connection is pinged when it has not been heard of for so long. Longer than 0; default 2 min.
  Duration keepalive_time = std::chrono::minutes(2);
  /// Once a caller has waited for so long, nobody overtakes it. 0: strict order. Default 1 ms.
  Duration handoff_after = std::chrono::milliseconds(1);
  /// A lease that is out for longer is reported once: to the observer, or, where it has no leak_suspected, in one line
  /// to standard error. Longer than 0; default off. While it is on, no worker keeps a connection for itself.
  std::optional<Duration> leak_detection_threshold = {};

  /// The same for a pool that keeps nothing: it bounds and queues, and closes each connection at its lease's end, but
  /// where a caller waits for it. For servers that count idle sessions, programs that are frozen and thawed (AWS
  /// Lambda), and tests. Every other acquire pays for a connect.
  [[nodiscard]] static PoolOptions null_pool(PoolOptions options) {
    options.max_idle = 0;
    options.min_idle = 0;
    return options;
  }
  /// Of the default options.
  [[nodiscard]] static PoolOptions null_pool() { return null_pool({}); }
};

namespace detail {

inline void require(bool holds, const PoolOptions& options, const char* field, const std::string& bound) {
  if (!holds) throw std::invalid_argument("carpool '" + options.name + "': " + field + " must be " + bound);
}

inline void require_positive(Duration value, const PoolOptions& options, const char* field) {
  require(value > Duration::zero(), options, field, "longer than 0");
}

/// What is older is to be pinged. 0 is every age, also within one tick of the coarse clock, or before its last.
[[nodiscard]] inline Duration bypass_window(const PoolOptions& options) noexcept {
  const Duration window = options.validation_bypass_window;
  return window == Duration::zero() ? Duration::min() : window;
}

inline void validate_sizes(const PoolOptions& options) {
  const auto size = std::to_string(options.max_size);
  require(options.max_size >= 1, options, "max_size", "at least 1, not 0");
  require(!options.max_idle || *options.max_idle <= options.max_size, options, "max_idle",
          "at most max_size (" + size + ")");
  require(options.min_idle <= options.max_idle.value_or(options.max_size), options, "min_idle",
          "at most max_idle (" + std::to_string(options.max_idle.value_or(options.max_size)) + ")");
  require(options.max_connecting >= 1, options, "max_connecting", "at least 1, not 0");
  require(options.connect_attempts >= 1, options, "connect_attempts", "at least 1, not 0");
}

inline void validate_times(const PoolOptions& options) {
  require(options.acquire_timeout >= Duration::zero(), options, "acquire_timeout", "at least 0");
  require_positive(options.connect_timeout, options, "connect_timeout");
  require(options.close_timeout >= Duration::zero(), options, "close_timeout", "at least 0");
  require_positive(options.connect_backoff.initial, options, "connect_backoff.initial");
  require(options.connect_backoff.max >= options.connect_backoff.initial, options, "connect_backoff.max",
          "at least connect_backoff.initial");
  require(options.validation_bypass_window >= Duration::zero(), options, "validation_bypass_window", "at least 0");
  require_positive(options.validation_timeout, options, "validation_timeout");
  require_positive(options.keepalive_time, options, "keepalive_time");
  require(options.handoff_after >= Duration::zero(), options, "handoff_after", "at least 0");
  require(!options.leak_detection_threshold || *options.leak_detection_threshold > Duration::zero(), options,
          "leak_detection_threshold", "longer than 0, or std::nullopt for off");
}

}  // namespace detail

/// Throws std::invalid_argument naming the pool, the field and the bound. The pool's constructor calls it.
inline void validate(const PoolOptions& options) {
  detail::validate_sizes(options);
  detail::validate_times(options);
}

}  // namespace carpool::inline v0_1

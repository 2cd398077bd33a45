/// What a pool may be told, with finite defaults; a bad value is refused by name and bound.
#pragma once

#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace carpool {

/// The wait between connect attempts: initial, then doubling up to max; each shortened by up to half at random
/// ("equal jitter"), so that clients of one dead server do not return in step.
struct Backoff {
  SaturatedDuration initial = std::chrono::milliseconds(100);
  SaturatedDuration max = std::chrono::seconds(5);
};

/// For designated initialisers, in this order. "None" is std::nullopt, "no limit" is carpool::forever; zero means zero.
struct PoolOptions {
  std::string name = "pool";                 ///< stands in every message and report
  std::size_t max_size = 10;                 ///< connections that exist at once: connecting + idle + in use + closing
  std::optional<std::size_t> max_idle = {};  ///< idle ones kept; default max_size
  std::size_t min_idle = 0;                  ///< idle ones kept ready beyond those that somebody waits for
  SaturatedDuration acquire_timeout =
      std::chrono::seconds(30);  ///< bounds a whole acquire(): wait, connect and validation
  SaturatedDuration connect_timeout = std::chrono::seconds(10);  ///< bounds one connect attempt
  SaturatedDuration close_timeout = std::chrono::seconds(1);     ///< bounds the polite goodbye (Connector::invalidate)
  std::size_t max_connecting = 2;                       ///< connects in flight at once
  std::optional<std::size_t> max_waiters = {};          ///< who comes beyond gets QueueFull at once; default no limit
  std::size_t connect_attempts = 3;                     ///< tries before everybody who waits gets ConnectError
  Backoff connect_backoff = {};                         ///< between attempts, and how long the breaker stays open
  SaturatedDuration validation_bypass_window =
      std::chrono::milliseconds(500);                              ///< a connection used this recently is not pinged
  SaturatedDuration validation_timeout = std::chrono::seconds(5);  ///< bounds one ping or reset
  SaturatedDuration keepalive_time =
      std::chrono::minutes(2);  ///< an idle connection is pinged when not heard of for so long
  SaturatedDuration handoff_after =
      std::chrono::milliseconds(1);  ///< once a waiter has waited so long nobody overtakes it; 0 = strict order
  std::optional<SaturatedDuration> leak_detection_threshold =
      {};  ///< a lease out for longer is reported once to the observer
};

namespace detail {

inline void require(bool holds, const PoolOptions& options, const char* field, const std::string& bound) {
  if (!holds) throw std::invalid_argument("carpool '" + options.name + "': " + field + " must be " + bound);
}

inline void require_positive(Duration value, const PoolOptions& options, const char* field) {
  require(value > Duration::zero(), options, field, "longer than 0");
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

}  // namespace carpool

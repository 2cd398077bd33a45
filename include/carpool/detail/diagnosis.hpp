/// Turns a pool's books into the sentences of its exceptions.
#pragma once

#include <carpool/detail/pool_state.hpp>
#include <carpool/errors.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace carpool::detail {

/// "1.5 s", "20.0 ms", "3.0 us": the unit in which it reads best, with one decimal, cut off. In digits of its own, so
/// that no locale changes it.
[[nodiscard]] inline std::string to_text(Duration length) {
  if (length == forever) return "forever";
  if (length < Duration::zero()) return "-" + to_text(-std::max(length, -Duration::max()));
  struct Unit {
    Duration size;
    const char* name;
  };
  constexpr Unit units[] = {{std::chrono::seconds(1), " s"}, {std::chrono::milliseconds(1), " ms"}};
  const auto in = [length](const Unit& unit) {
    const auto tenths = length / (unit.size / 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + unit.name;
  };
  for (const Unit& unit : units) {
    if (length >= unit.size) return in(unit);
  }
  return in({std::chrono::microseconds(1), " us"});
}

/// Under the lock: the leases that are out.
template <class Types>
[[nodiscard]] std::vector<Holder> holders_of(PoolState<Types>& state, TimePoint now) {
  std::vector<Holder> holders;
  for (const auto& place : state.ledger()) {
    if (place.state != PlaceState::in_use || place.lease.lent()) continue;
    holders.push_back({place.lease.site(), std::max(Duration::zero(), now - place.lease.since())});
  }
  return holders;
}

[[nodiscard]] inline std::string list_holders(const std::vector<Holder>& holders) {
  constexpr std::size_t most = 16;
  std::string text;
  for (std::size_t i = 0; i < holders.size() && i < most; ++i) {
    text += (i == 0 ? " (" : ", ") + to_text(holders[i].age) + " at " + holders[i].site.file_name() + ":" +
            std::to_string(holders[i].site.line());
  }
  if (holders.size() > most) text += " and " + std::to_string(holders.size() - most) + " more";
  return holders.empty() ? text : text + ")";
}

/// "1 try", "3 tries", "2 tries so far".
[[nodiscard]] inline std::string tries_of(const ConnectFailure& failure) {
  return std::to_string(failure.attempts) + (failure.attempts == 1 ? " try" : " tries") +
         (failure.ended ? "" : " so far");
}

template <class Types>
[[nodiscard]] AcquireTimeout timeout_error(PoolState<Types>& state, const PoolOptions& options,
                                           const FailurePointer& last, Duration waited, TimePoint now) {
  std::vector<Holder> holders = holders_of(state, now);
  const PoolStats stats = state.snapshot();
  std::string text = "carpool '" + options.name + "': no connection within " + to_text(waited) + "; " +
                     std::to_string(stats.in_use) + " of " + std::to_string(stats.max_size) + " in use" +
                     list_holders(holders) + ", " + std::to_string(stats.idle) + " idle, " +
                     std::to_string(stats.connecting) + " connecting, " + std::to_string(stats.closing) + " closing, " +
                     std::to_string(stats.waiting) + " waiting";
  if (stats.suspended) text += "; the pool is suspended";
  if (last != nullptr) text += "; last connect error: " + last->message + " (" + tries_of(*last) + ")";
  return {text, std::move(holders)};
}

[[nodiscard]] inline std::string describe_failure(const PoolOptions& options, const ConnectFailure& failure) {
  return "carpool '" + options.name + "': could not connect (" + tries_of(failure) + "): " + failure.message;
}

/// For observers.
[[nodiscard]] inline AcquireFailure failure_of(const PoolError& error) noexcept {
  switch (static_cast<PoolErrc>(error.code().value())) {
    case PoolErrc::acquire_timeout: return AcquireFailure::timeout;
    case PoolErrc::pool_closed: return AcquireFailure::closed;
    case PoolErrc::queue_full: return AcquireFailure::queue_full;
    case PoolErrc::breaker_open: return AcquireFailure::breaker_open;
    case PoolErrc::connect_failed:
    case PoolErrc::authentication_failed: return AcquireFailure::connect_error;
    case PoolErrc::interrupted: break;
  }
  return AcquireFailure::interrupted;
}

[[noreturn]] inline void throw_connect_error(const PoolOptions& options, const ConnectFailure& failure) {
  const PoolErrc code = failure.authentication ? PoolErrc::authentication_failed : PoolErrc::connect_failed;
  throw ConnectError(code, describe_failure(options, failure), failure.cause, failure.attempts);
}

[[noreturn]] inline void throw_breaker_open(const PoolOptions& options, const ConnectFailure& failure,
                                            Duration retry_after) {
  std::string text = describe_failure(options, failure) + "; next try in " + to_text(retry_after);
  if (failure.authentication) text += ", or once retire_all() is called";
  throw BreakerOpen(text, failure.cause, failure.attempts, retry_after);
}

[[noreturn]] inline void throw_closed(const PoolOptions& options) {
  throw PoolClosed("carpool '" + options.name + "': the pool is closed");
}

[[noreturn]] inline void throw_queue_full(const PoolOptions& options, std::size_t waiting) {
  throw QueueFull("carpool '" + options.name + "': " + std::to_string(waiting) + " callers wait already (max_waiters)");
}

}  // namespace carpool::detail

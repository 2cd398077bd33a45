/// What acquire may throw, and the error codes behind it.
#pragma once

#include <carpool/slot.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// The codes of PoolError::code() and of acquire(std::error_code&).
enum class PoolErrc {
  acquire_timeout = 1,    ///< no connection within the deadline
  pool_closed,            ///< the pool is closed or draining
  queue_full,             ///< max_waiters already wait for this target
  breaker_open,           ///< the server was unreachable a moment ago; the next probe is not due yet
  connect_failed,         ///< the connect that the caller waited for failed
  authentication_failed,  ///< the server refused the credentials: not retried
  interrupted,            ///< the waiting worker was interrupted, or the acquire was called off
};

namespace detail {

class PoolCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "carpool"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<PoolErrc>(code)) {
      case PoolErrc::acquire_timeout: return "no connection within the deadline";
      case PoolErrc::pool_closed: return "the pool is closed";
      case PoolErrc::queue_full: return "too many callers wait already";
      case PoolErrc::breaker_open: return "the server was unreachable a moment ago";
      case PoolErrc::connect_failed: return "could not connect";
      case PoolErrc::authentication_failed: return "the server refused the credentials";
      case PoolErrc::interrupted: return "the waiting worker was interrupted";
    }
    return "unknown carpool error " + std::to_string(code);
  }
  [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<PoolErrc>(code)) {
      case PoolErrc::acquire_timeout: return std::errc::timed_out;
      case PoolErrc::queue_full: return std::errc::resource_unavailable_try_again;
      case PoolErrc::connect_failed:
      case PoolErrc::breaker_open: return std::errc::not_connected;
      case PoolErrc::authentication_failed: return std::errc::permission_denied;
      case PoolErrc::pool_closed:
      case PoolErrc::interrupted: return std::errc::operation_canceled;
    }
    return {code, *this};
  }
};

}  // namespace detail

/// The category of PoolErrc; its name is "carpool".
[[nodiscard]] inline const std::error_category& pool_category() noexcept {
  static const detail::PoolCategory category;
  return category;
}

/// By it a PoolErrc becomes a std::error_code, of pool_category(), wherever one is compared or assigned.
[[nodiscard]] inline std::error_code make_error_code(PoolErrc code) noexcept {
  return {static_cast<int>(code), pool_category()};
}

}  // namespace carpool::inline v0_1

template <>
struct std::is_error_code_enum<carpool::PoolErrc> : std::true_type {};

namespace carpool::inline v0_1 {

/// The base of everything that the pool itself throws from acquire.
class PoolError : public std::runtime_error {
 public:
  PoolError(PoolErrc code, const std::string& what) : std::runtime_error(what), code_(code) {}
  /// Of pool_category(); it compares equal to the std::errc that fits.
  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }

 private:
  std::error_code code_;
};

/// A lease that is out, or was when somebody timed out.
struct Holder {
  SourceLocation site;           ///< where it was acquired
  Duration age{};                ///< for how long it had been out, by a coarse clock
  std::uint64_t connection = 0;  ///< Lease::id()
  WorkerId worker = 0;           ///< who acquired it; 0 where the pool's queue does not ask for workers
};

/// No connection within the deadline. The message, and holders(), say who has them; the message also says what is being
/// connected.
class AcquireTimeout : public PoolError {
 public:
  AcquireTimeout(const std::string& what, std::vector<Holder> holders)
      : PoolError(PoolErrc::acquire_timeout, what), holders_(std::move(holders)), total_(holders_.size()) {}
  AcquireTimeout(const std::string& what, std::vector<Holder> holders, std::size_t total)
      : PoolError(PoolErrc::acquire_timeout, what), holders_(std::move(holders)), total_(total) {}
  /// Those that had been out longest, the oldest first: at most 32, of the pool's first 256 connections.
  [[nodiscard]] const std::vector<Holder>& holders() const noexcept { return holders_; }
  /// How many leases were out in all.
  [[nodiscard]] std::size_t holders_total() const noexcept { return total_; }

 private:
  std::vector<Holder> holders_;
  std::size_t total_;
};

/// The pool is closed or draining.
class PoolClosed : public PoolError {
 public:
  explicit PoolClosed(const std::string& what) : PoolError(PoolErrc::pool_closed, what) {}
};

/// PoolOptions::max_waiters callers wait already for this target; or nobody may wait at all, and no connection is idle.
class QueueFull : public PoolError {
 public:
  explicit QueueFull(const std::string& what) : PoolError(PoolErrc::queue_full, what) {}
};

/// An acquire that nobody slept for was called off: ConnectionPool::Acquiring::call_off(), or a cancellation of the
/// executor's world.
class AcquireCancelled : public PoolError {
 public:
  explicit AcquireCancelled(const std::string& what) : PoolError(PoolErrc::interrupted, what) {}
};

/// The pool could not connect: carries the last cause and the number of tries.
class ConnectError : public PoolError {
 public:
  ConnectError(PoolErrc code, const std::string& what, std::exception_ptr cause, std::size_t attempts)
      : PoolError(code, what), cause_(std::move(cause)), attempts_(attempts) {}
  /// What the connector threw last; null where it returned a connection that was dead at once.
  [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }
  /// Tries of the series that had failed by then, the last one included. Tries that ran side by side count once.
  [[nodiscard]] std::size_t attempts() const noexcept { return attempts_; }

 private:
  std::exception_ptr cause_;
  std::size_t attempts_;
};

/// The last connects failed and the next is not due yet. Carries what ConnectError would.
class BreakerOpen : public ConnectError {
 public:
  BreakerOpen(const std::string& what, std::exception_ptr cause, std::size_t attempts, Duration retry_after)
      : ConnectError(PoolErrc::breaker_open, what, std::move(cause), attempts), retry_after_(retry_after) {}
  /// When the next probe may start, from the moment of the throw.
  [[nodiscard]] Duration retry_after() const noexcept { return retry_after_; }

 private:
  Duration retry_after_;
};

/// A connector throws this (or a class derived from it) where the server has answered, and would answer the same again:
/// there is no such database. So the pool ends the series after this one attempt. Its breaker is open for
/// connect_backoff, as after any series that failed.
class ConnectRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A connector throws this (or a class derived from it) where the server refused the credentials. Repeating a wrong
/// password locks accounts. So the pool ends the series, and its breaker stays open for at least 30 s after each
/// refusal, or until the pool is told that something has changed: by retire_all(), or by suspend() and resume().
class AuthenticationError : public ConnectRefused {
 public:
  using ConnectRefused::ConnectRefused;
};

/// A connector's connect or ping throws this (or a class derived from it) at its deadline, where the server is there
/// and makes its clients wait, as a pooler does that was told to PAUSE. It says nothing against the server or the
/// connection: the pool closes none, opens no breaker, and tries again for as long as somebody waits. A ping that has
/// thrown it may be asked of the same connection again.
class ServerPaused : public std::system_error {
 public:
  explicit ServerPaused(const std::string& what)
      : std::system_error(std::make_error_code(std::errc::timed_out), what) {}
};

}  // namespace carpool::inline v0_1

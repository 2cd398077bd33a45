/// Who watches: the events of a pool's life, each an optional member of the Observer policy.
#pragma once

#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace carpool {

/// Why the pool closed a connection. The set follows MongoDB's CMAP specification, refined.
enum class CloseReason : std::uint8_t {
  expired,       ///< its Eviction said so (or the connector's own lifetime was over)
  idle,          ///< it had been idle for too long
  dead,          ///< is_connected, reusable or a ping said that it is gone
  reset_failed,  ///< it could not be brought back to a clean state
  discarded,     ///< its user said so, or threw
  retired,       ///< the pool was told to replace it: retire_all, or clear
  surplus,       ///< there were more than max_idle or max_size, or it made room for another target
  drained,       ///< the pool was being drained
  closed,        ///< the pool was closed
};
inline constexpr std::size_t close_reason_count = 9;

/// The name as it stands in reports and metrics.
[[nodiscard]] constexpr std::string_view to_string(CloseReason reason) noexcept {
  constexpr std::string_view names[close_reason_count] = {"expired", "idle",    "dead",    "reset_failed", "discarded",
                                                          "retired", "surplus", "drained", "closed"};
  return names[static_cast<std::size_t>(reason)];
}

/// Why an acquire gave no lease.
enum class AcquireFailure : std::uint8_t {
  timeout,        ///< the deadline passed
  closed,         ///< the pool is closed or draining
  queue_full,     ///< max_waiters already wait
  breaker_open,   ///< the last connects failed and the next is not due yet
  connect_error,  ///< the connect that this caller waited for failed
  interrupted,    ///< the waiting worker was interrupted, or something unforeseen was thrown
};

/// Watches nothing and costs nothing. An observer has any of these members, all noexcept, called outside every
/// lock by whichever worker caused the event, possibly by several at once:
///   acquire_started()                                      a caller came in
///   acquired(std::uint64_t id, Duration wait)              it got connection id
///   acquire_failed(AcquireFailure)                         it did not
///   released(std::uint64_t id, Duration held)              a lease ended
///   connection_created(std::uint64_t id)                   a connect begins
///   connection_ready(std::uint64_t id, Duration took)      it succeeded
///   connection_closed(std::uint64_t id, CloseReason)       the connection is gone
///   pool_ready() pool_cleared() pool_closed()              constructed or resumed; clear or retire_all; close
///   leak_suspected(SourceLocation site, Duration age)  a lease from site is out past leak_detection_threshold
struct NoObserver {};

/// Any object type can observe; members it does not have are not called.
template <class O>
concept ObserverPolicy = std::is_object_v<O> && std::is_nothrow_move_constructible_v<O>;

}  // namespace carpool

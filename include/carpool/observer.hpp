/// Who watches: the events of a pool's life, each an optional member of the Observer policy.
#pragma once

#include <carpool/detail/observer_members.hpp>
#include <carpool/observer_context.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace carpool::inline v0_1 {

/// Why the pool closed a connection. The set follows MongoDB's CMAP specification, refined.
enum class CloseReason : std::uint8_t {
  expired,         ///< its Eviction said so (or the connector's own lifetime was over)
  idle,            ///< it had been idle for too long
  dead,            ///< is_connected, reusable or a ping said that it is gone
  reset_failed,    ///< it could not be brought back to a clean state
  discarded,       ///< its user said so, or threw
  retired,         ///< the pool was told to replace it: retire_all, or clear
  surplus,         ///< there were more than max_idle or max_size, or it made room for another target
  drained,         ///< the pool was being drained
  closed,          ///< the pool was closed
  connect_failed,  ///< it never was one: the connect that had begun failed
  detached,        ///< its lease took it out of the pool: it lives on, but is the pool's no more
};
inline constexpr std::size_t close_reason_count = 11;  ///< for tables that CloseReason indexes

/// The name as it stands in reports and metrics.
[[nodiscard]] constexpr std::string_view to_string(CloseReason reason) noexcept {
  constexpr std::string_view names[close_reason_count] = {"expired",   "idle",           "dead",    "reset_failed",
                                                          "discarded", "retired",        "surplus", "drained",
                                                          "closed",    "connect_failed", "detached"};
  return names[static_cast<std::size_t>(reason)];
}

/// Why an acquire gave no lease.
enum class AcquireFailure : std::uint8_t {
  timeout,        ///< the deadline passed
  closed,         ///< the pool is closed or draining
  queue_full,     ///< max_waiters already wait for this target
  breaker_open,   ///< the last connects failed and the next is not due yet
  connect_error,  ///< the connect that this caller waited for failed
  interrupted,    ///< the waiting worker was interrupted, or something unforeseen was thrown
};
inline constexpr std::size_t acquire_failure_count = 6;  ///< for tables that AcquireFailure indexes

/// The name as it stands in reports and metrics.
[[nodiscard]] constexpr std::string_view to_string(AcquireFailure why) noexcept {
  constexpr std::string_view names[acquire_failure_count] = {"timeout",      "closed",        "queue_full",
                                                             "breaker_open", "connect_error", "interrupted"};
  return names[static_cast<std::size_t>(why)];
}

/// Watches nothing and costs nothing. An observer has any of these members, all noexcept (one that throws ends the
/// process), called outside every lock by whichever worker caused the event, possibly by several at once:
///   acquire_started()                                      a caller came in
///   acquired(std::uint64_t id, Duration wait)              it got connection id; wait is 0 where one was ready
///   acquire_failed(AcquireFailure)                         it did not; or
///   acquire_failed(AcquireFailure, Duration waited)        the same, with how long it waited
///   released(std::uint64_t id, Duration held)              a lease ended; by the coarse clock
///   connection_created(std::uint64_t id)                   an attempt to connect begins; each has an id of its own
///   connection_ready(std::uint64_t id, Duration took)      it succeeded
///   connection_failed(std::uint64_t id, std::string_view why, Duration took)  it did not, and why, in words; or
///   connection_failed(std::uint64_t id, std::exception_ptr cause, Duration took)  the same, with what the connector
///                                                          threw: null where the new connection was dead at once; or
///   connection_failed(std::uint64_t id, std::string_view why, std::exception_ptr cause, Duration took)  with both
///   connection_closed(std::uint64_t id, CloseReason)       the connection is gone; after a failure, connect_failed
///   pool_ready() pool_cleared() pool_closed()              constructed or resumed; clear or retire_all; close
///   leak_suspected(SourceLocation site, Duration age)      a lease from site is out past leak_detection_threshold
///
/// Who wants to know more takes another first parameter, in any of the events: const PoolInfo& where there is none
/// above, const ConnectionInfo& in place of the id and before leak_suspected's. An observer that declares a type
/// Attachment, which must be default constructible and not throw then, gets one with each connection, from
/// connection_created on, and may take an Attachment& behind the ConnectionInfo, but not in leak_suspected: it is only
/// used by the worker that has the connection. Of two forms of one event the fuller is called.
///
/// Each connection_created is followed by one connection_ready or connection_failed, and each by one connection_closed.
/// In which order events come, although several workers tell them at once:
///   of one connection: created, ready or failed, then acquired and released by turns, and closed last;
///   of one acquire: started, then acquired or failed;
///   pool_ready before anything that the pool does from then on: no connect begins, and no caller is served, before it
///     has returned; so an acquire inside it would wait for itself;
///   pool_cleared before the first connection that is closed for that clear() or retire_all();
///   pool_closed when close() has woken every waiter and idle connections are on their way out: connections that were
///     leased, connecting or closing may be told to be closed after it.
/// What changes nothing tells nothing: resume() of a pool that is not suspended, clear() or retire_all() of one that is
/// closed or draining, a second close().
struct NoObserver {};

// clang-format off
/// Any object type can observe. Members that it does not have are not called; one that it has under the name of an
/// event, but otherwise than above, would never be, and does not compile. Each reason stands on the line of its
/// requirement, because that is what compilers print.
template <class O>
concept ObserverPolicy =
    std::is_object_v<O> && std::is_nothrow_move_constructible_v<O> &&
    requires {
      requires std::is_default_constructible_v<detail::attachment_t<O>>; // Observer has a type Attachment that cannot be default constructed
      requires detail::acquire_started_fits<O>;    // Observer has acquire_started, but not as void acquire_started() noexcept, nor with its context in front: it would never be called
      requires detail::acquired_fits<O>;           // Observer has acquired, but not as void acquired(std::uint64_t id, Duration wait) noexcept, nor with its context in front: it would never be called
      requires detail::acquire_failed_fits<O>;     // Observer has acquire_failed, but not as void acquire_failed(AcquireFailure) noexcept, or with a Duration behind it, nor with its context in front: it would never be called
      requires detail::released_fits<O>;           // Observer has released, but not as void released(std::uint64_t id, Duration held) noexcept, nor with its context in front: it would never be called
      requires detail::connection_created_fits<O>; // Observer has connection_created, but not as void connection_created(std::uint64_t id) noexcept, nor with its context in front: it would never be called
      requires detail::connection_ready_fits<O>;   // Observer has connection_ready, but not as void connection_ready(std::uint64_t id, Duration took) noexcept, nor with its context in front: it would never be called
      requires detail::connection_failed_fits<O>;  // Observer has connection_failed, but not as void connection_failed(std::uint64_t id, std::string_view or std::exception_ptr why, Duration took) noexcept, nor with its context in front: it would never be called
      requires detail::connection_closed_fits<O>;  // Observer has connection_closed, but not as void connection_closed(std::uint64_t id, CloseReason) noexcept, nor with its context in front: it would never be called
      requires detail::pool_ready_fits<O>;         // Observer has pool_ready, but not as void pool_ready() noexcept, nor with its context in front: it would never be called
      requires detail::pool_cleared_fits<O>;       // Observer has pool_cleared, but not as void pool_cleared() noexcept, nor with its context in front: it would never be called
      requires detail::pool_closed_fits<O>;        // Observer has pool_closed, but not as void pool_closed() noexcept, nor with its context in front: it would never be called
      requires detail::leak_suspected_fits<O>;     // Observer has leak_suspected, but not as void leak_suspected(SourceLocation site, Duration age) noexcept, nor with its context in front: it would never be called
    };
// clang-format on

}  // namespace carpool::inline v0_1

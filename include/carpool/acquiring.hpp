/// One acquire that no worker sleeps for: what coroutines, Asio and senders are adapted to.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/continuation.hpp>
#include <carpool/detail/async_acquire.hpp>

#include <optional>
#include <utility>

namespace carpool::inline v0_1 {

/// Its caller stands in the same wait queue as callers that sleep, under the same laws; the pool keeps its deadline.
///
/// Use: ready(), if one likes; where that is false, begin(); where that is false, proceed() once for each call of
/// `resume`, until one of them is true; then lease() once. `resume` is called by the worker that has something for the
/// caller, outside the pool's lock. It must not look by itself: it has the caller's own executor call proceed(). Where
/// begin() or proceed() is false, `resume` may have been called before it returns, and *this may be gone. Waits: never.
/// All three run the connector's is_connected and matches and the eviction, but no connect,
///           ping or goodbye.
/// Threads:  call_off() by any; the rest by one at a time.
/// Lifetime: the pool must be there for the constructor and begin(), and may be destroyed while the caller waits. An
///           object that has begun must not be destroyed before begin() or proceed() was true, because `resume` may be
///           under way: call_off() brings that about, and withdraw() tells whether it is so. Nothing is allocated,
///           except for an error.
/// fork:     a child never resumes what its parent began. There call_off() does nothing, withdraw() is true, proceed()
///           ends with AcquireCancelled, and the object may be destroyed.
template <class Pool>
class Acquiring : private Continuation {
  using Types = typename Pool::Types;
  using Timeout = detail::Timeout<typename Types::Backend>;

 public:
  /// Law 10 in a coroutine: its frame may be destroyed in the middle of an exchange, and then no exception is in
  /// flight.
  static constexpr bool is_safe_in_coroutines = Types::Calls::knows_if_torn;
  using Target = typename Pool::Target;          ///< the pool's
  using Lease = typename Pool::Lease;            ///< the pool's
  using Resume = void (*)(Acquiring&) noexcept;  ///< what is called when the caller shall look

  /// Until deadline, or within options.acquire_timeout where there is none. May throw what copying a target throws.
  Acquiring(Pool& pool, Target target, std::optional<TimePoint> deadline, const SourceLocation& site, Resume resumed)
      : Continuation{[](Continuation& self) noexcept {
          auto& own = static_cast<Acquiring&>(self);
          own.resume_(own);
        }},
        resume_(resumed),
        acquire_(pool.pool(), std::move(target), deadline ? Timeout(*deadline) : pool.default_timeout(), site, *this) {}
  Acquiring(const Acquiring&) = delete;
  Acquiring& operator=(const Acquiring&) = delete;

  /// On the clock of the pool's backend.
  [[nodiscard]] static TimePoint deadline_in(SaturatedDuration timeout) noexcept {
    return after(Types::Backend::now(), timeout);
  }
  /// A lease if a connection is there, without any of this; else an empty one. Observers hear of it where there is one.
  [[nodiscard]] static Lease take_if_ready(Pool& pool, const Target& target, const SourceLocation& site) {
    auto* const slot = detail::Acquire<Types>::take_if_ready_and_tell(pool.pool(), target, site);
    return slot == nullptr ? Lease() : Lease(*slot);
  }

  /// True: a connection was there, and it is over. `resume` is not called for this.
  [[nodiscard]] bool ready() noexcept { return acquire_.ready(); }
  /// True: it is over.
  [[nodiscard]] bool begin() noexcept { return acquire_.begin(); }
  /// True: it is over.
  [[nodiscard]] bool proceed() noexcept { return acquire_.proceed(); }
  /// Ends the acquire soon, with AcquireCancelled, unless it ends otherwise before that. Allowed until lease() begins.
  void call_off() noexcept { acquire_.call_off(); }
  /// Of one that has begun and is not over, by who must destroy it now. True: `resume` is not called any more. False:
  /// it has been, or is about to be, called, and must be awaited.
  [[nodiscard]] bool withdraw() noexcept { return acquire_.withdraw(); }
  /// Throws what ConnectionPool::acquire does, and AcquireCancelled.
  [[nodiscard]] Lease lease() { return Lease(acquire_.take()); }

 private:
  const Resume resume_;
  detail::AsyncAcquire<Types> acquire_;
};

}  // namespace carpool::inline v0_1

/// One drain or close that no worker sleeps for: what coroutines and Asio are adapted to.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/continuation.hpp>
#include <carpool/detail/async_end.hpp>
#include <carpool/end_kind.hpp>

namespace carpool::inline v0_1 {

/// Use: begin(), which ends the pool as ConnectionPool::drain or close does; where that is false, `resume` is called
/// once, by the worker that gave the last lease back, closed the last connection, or saw the deadline, and outside the
/// pool's lock. Then result() once. Where begin() is false, `resume` may have been called before it returns, and *this
/// may be gone.
/// Waits:    never. The pool keeps the deadline.
/// Errors:   none. What is left at the deadline is counted by result().
/// Threads:  call_off() by any; the rest by one at a time.
/// Lifetime: the pool must be there for the constructor and begin(). Its destructor ends a wait as a deadline does. An
///           object that has begun must not be destroyed before it is over, because `resume` may be under way:
///           call_off() brings that about, and withdraw() tells whether it is so. Nothing is allocated.
/// fork:     a child never resumes what its parent began; there withdraw() is true, and the object may be destroyed.
template <class Pool>
class Ending : private Continuation {
 public:
  using Resume = void (*)(Ending&) noexcept;  ///< what is called when it is over

  /// Until `deadline`, on the clock of the pool's backend; carpool::never: without one.
  Ending(Pool& pool, EndKind kind, TimePoint deadline, Resume resumed) noexcept
      : Continuation{[](Continuation& self) noexcept {
          auto& own = static_cast<Ending&>(self);
          own.resume_(own);
        }},
        resume_(resumed),
        end_(pool.pool(), kind, deadline, *this) {}
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  /// On the clock of the pool's backend.
  [[nodiscard]] static TimePoint deadline_in(SaturatedDuration timeout) noexcept {
    return after(Types::Backend::now(), timeout);
  }

  /// True: it is over. `resume` is not called for this.
  [[nodiscard]] bool begin() noexcept { return end_.begin(); }
  /// Ends the wait soon; the pool stays closed. Allowed until result() begins.
  void call_off() noexcept { end_.call_off(); }
  /// Of one that has begun and is not over, by who must destroy it now. True: `resume` is not called any more. False:
  /// it has been, or is about to be, called, and must be awaited.
  [[nodiscard]] bool withdraw() noexcept { return end_.withdraw(); }
  /// What the wait came to, when it was over.
  [[nodiscard]] Ended result() noexcept { return end_.result(); }

 private:
  using Types = typename Pool::Types;

  const Resume resume_;
  detail::AsyncEnd<Types> end_;
};

}  // namespace carpool::inline v0_1

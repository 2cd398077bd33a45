/// What is done to many waiters at once: the lock is let go of whenever so many have been told that they must be
/// roused.
#pragma once

#include <carpool/detail/state/pool_state.hpp>

namespace carpool::inline v0_1::detail {

/// Rousing is a call of the kernel: nobody else is to wait for those of a thousand waiters. While the lock is not held
/// others may do whatever they like, so the caller sees to it that the pool's state, and an endpoint that it names, are
/// there still.
template <class Types>
class ManyWaiters {
 public:
  using Endpoint = detail::Endpoint<Types>;
  using Wakeups = detail::Wakeups<typename Types::Backend>;

  /// Every waiter of that endpoint fails.
  template <class Access>
  static void fail(Access& state, Endpoint& endpoint, const FailurePointer& failure, Wakeups& wakeups) noexcept {
    const std::uint64_t last = state->hand_over.last_ticket();
    while (!state->hand_over.fail_some(endpoint, failure, wakeups, last)) fire_unlocked(state, wakeups);
  }
  /// Every waiter fails. The pool is finished, so no caller is enqueued any more.
  template <class Access>
  static void fail_all(Access& state, Wakeups& wakeups) noexcept {
    each_endpoint(state, wakeups, [&](Endpoint& endpoint) {
      return state->hand_over.fail_some(endpoint, nullptr, wakeups, state->hand_over.last_ticket());
    });
  }
  /// Law 15: every waiter fails that waits for a connect that may not start.
  template <class Access>
  static void fail_where_circuit_open(Access& state, Wakeups& wakeups) noexcept {
    state->references.retain();  // the pool may go while the lock is not held
    const auto fail_waiters = [&](Endpoint& endpoint) {
      Instant<typename Types::Backend> now;
      if (endpoint.waiters.empty() || !state->demand.circuit_open(endpoint, now)) return true;
      return state->hand_over.fail_some(endpoint, endpoint.failure, wakeups, state->hand_over.last_ticket());
    };
    each(state, wakeups, fail_waiters, [&](auto visit) { state->inventory.planner.for_each_paused(visit); });
    state->references.release();
  }
  /// Many have become idle, or may be given away again.
  template <class Access>
  static void serve_all(Access& state, Wakeups& wakeups) noexcept {
    state->hand_over.begin_to_serve_many();
    each_endpoint(state, wakeups, [&](Endpoint& endpoint) {
      Instant<typename Types::Backend> now;  // some may have become overdue while the lock was not held
      return state->hand_over.serve_some(endpoint, now, wakeups);
    });
    state->hand_over.end_to_serve_many();
  }

 private:
  /// some(endpoint) is called for each, and again where it says that its wake-ups must be carried out first.
  template <class Access, class Some>
  static void each_endpoint(Access& state, Wakeups& wakeups, Some some) noexcept {
    each(state, wakeups, some, [&](auto visit) { state->inventory.endpoints.for_each(visit); });
  }
  template <class Access, class Some, class Visit>
  static void each(Access& state, Wakeups& wakeups, Some some, Visit visit) noexcept {
    for (bool all = false; !all;) {
      all = true;
      visit([&](Endpoint& endpoint) { all = all && some(endpoint); });
      if (!all) fire_unlocked(state, wakeups);
    }
  }
  template <class Access>
  static void fire_unlocked(Access& state, Wakeups& wakeups) noexcept {
    state.unlock();
    wakeups.fire();
    state.lock();
  }
};

}  // namespace carpool::inline v0_1::detail

/// A pool behind its public face: what leases refer to, and the workers that serve it.
#pragma once

#include <carpool/detail/background/workers.hpp>
#include <carpool/detail/lifecycle.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Outlives its ConnectionPool for as long as its Lifecycle is referred to.
template <class Types>
class PoolCore final : public LifecycleHolder {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;

  explicit PoolCore(std::shared_ptr<Settings<Types>> settings)
      : lifecycle(std::move(settings), *this), workers_(lifecycle) {}
  /// Nothing goes on in the background before. Throws what spawning the reaper does.
  void start() { workers_.start(); }

  /// The ConnectionPool is going: waits for the background work, and leaves the rest to whoever is still out. May be
  /// the end of *this.
  void owner_goes() noexcept {
    const Uninterrupted<Backend> to_the_end;
    Types::Calls::interrupt(lifecycle.settings().connector);
    lifecycle.run_closes_inline();
    lifecycle.access()->references.retain();
    workers_.stop();
    await_idle_entries();
    Wakeups wakeups;
    auto state = lifecycle.access();
    lifecycle.run_pending_closes(state, wakeups);
    state->end_watches.tell_all(wakeups);
    state->references.owner_goes();
    lifecycle.end().owner_goes();
    lifecycle.release(state, wakeups);
  }

  Lifecycle lifecycle;

 private:
  using Wakeups = detail::Wakeups<Backend>;

  [[nodiscard]] bool any_entry_busy() noexcept {
    const auto lock = lifecycle.access();
    return lifecycle.worker_cache().busy();
  }
  /// The pool is closed, so nobody begins anything with an entry any more; who has put a connection into one may still
  /// be about to look whether it was in time. That is soon, unless the system has stopped it: hence the growing pauses.
  void await_idle_entries() noexcept {
    constexpr Duration longest = std::chrono::milliseconds(1);
    for (Duration pause = std::chrono::microseconds(20); any_entry_busy(); pause = std::min(2 * pause, longest)) {
      Backend::sleep_until(after(Backend::now(), pause));
    }
  }

  BackgroundWorkers<Types> workers_;
};

}  // namespace carpool::inline v0_1::detail

/// A drain or a close that no worker sleeps for.
#pragma once

#include <carpool/continuation.hpp>
#include <carpool/detail/pool_admin.hpp>
#include <carpool/end_kind.hpp>

#include <utility>

namespace carpool::inline v0_1::detail {

/// begin() once; where that is false, the continuation is resumed once, perhaps before begin() returns, and then *this
/// may be gone. result() once when it is over.
template <class Types>
class AsyncEnd {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;

  static_assert(Backend::concurrent,
                "An end that nobody sleeps for needs a backend that closes connections in the background");

  AsyncEnd(Lifecycle& pool, EndKind kind, TimePoint deadline, Continuation& continuation) noexcept : pool_(pool) {
    watch_.continuation = &continuation;
    watch_.kind = kind;
    watch_.deadline = deadline;
  }
  AsyncEnd(const AsyncEnd&) = delete;
  AsyncEnd& operator=(const AsyncEnd&) = delete;
  ~AsyncEnd() { release(); }

  /// True: it is over.
  [[nodiscard]] bool begin() noexcept {
    watch_.kind == EndKind::drain ? PoolAdmin<Types>::begin_drain(pool_) : PoolAdmin<Types>::close(pool_);
    Wakeups wakeups;
    auto state = pool_.access();
    state->references.retain();
    retains_ = true;
    if (!state->end_watches.add(watch_, Backend::now())) return true;
    wakeups.add(state->idle_workers.expect_deadline(state->first_deadline()));
    return false;  // *this may be gone when the lock is
  }
  /// By any worker, until result() begins.
  void call_off() noexcept {
    if (pool_.forked()) return;
    Wakeups wakeups;
    auto state = pool_.access();
    state->end_watches.call_off(watch_, wakeups);
  }
  /// Of one that has begun and is not over. True: the continuation will not be resumed any more, and *this may go.
  [[nodiscard]] bool withdraw() noexcept { return pool_.forked() || pool_.access()->end_watches.remove(watch_); }

  [[nodiscard]] Ended result() noexcept {
    release();
    return watch_.result;
  }

 private:
  using Wakeups = detail::Wakeups<Backend>;

  /// May be the end of the core. In a forked child the parent's core is left as it is.
  void release() noexcept {
    if (!std::exchange(retains_, false) || pool_.forked()) return;
    Wakeups wakeups;
    auto state = pool_.access();
    pool_.release(state, wakeups);
  }

  Lifecycle& pool_;
  EndWatch watch_;
  bool retains_ = false;  // the pool's core lives on for it
};

}  // namespace carpool::inline v0_1::detail

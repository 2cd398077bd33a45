/// A pool behind its public face: what leases refer to, and the workers that serve it.
#pragma once

#include <carpool/detail/background/workers.hpp>
#include <carpool/detail/lease_return.hpp>
#include <carpool/detail/lifecycle.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Outlives its ConnectionPool for as long as its Lifecycle is referred to.
template <class Types>
class PoolCore final : public LifecycleHolder {
 public:
  using Backend = typename Types::Backend;
  using Connection = typename Types::Connection;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;

  explicit PoolCore(std::shared_ptr<Settings<Types>> settings)
      : lifecycle_(std::move(settings), *this), workers_(lifecycle_) {}
  /// Nothing goes on in the background before. Throws what spawning the reaper does.
  void start() { workers_.start(); }

  [[nodiscard]] Lifecycle& lifecycle() noexcept { return lifecycle_; }
  [[nodiscard]] bool forked() const noexcept { return lifecycle_.forked(); }

  /// The ConnectionPool is going: waits for the background work, and leaves the rest to whoever is still out. May be
  /// the end of *this.
  void owner_goes() noexcept {
    const Uninterrupted<Backend> to_the_end;
    lifecycle_.run_closes_inline();
    lifecycle_.access()->references.retain();
    workers_.stop();
    await_idle_entries();
    Wakeups wakeups;
    auto state = lifecycle_.access();
    lifecycle_.run_pending_closes(state, wakeups);
    state->references.owner_goes();
    lifecycle_.end().owner_goes();
    lifecycle_.release(state, wakeups);
  }

  // --- for a Lease -------------------------------------------------------------------------------------

  static void give_back(PoolSlot& slot) noexcept { LeaseReturn<Types>::give_back(pool_of(slot), slot); }
  static void give_back_after(PoolSlot& slot, std::exception_ptr error) noexcept {
    LeaseReturn<Types>::give_back_after(pool_of(slot), slot, std::move(error));
  }
  static void discard(PoolSlot& slot) noexcept { LeaseReturn<Types>::discard(pool_of(slot), slot); }
  [[nodiscard]] static Connection detach(PoolSlot& slot) { return LeaseReturn<Types>::detach(pool_of(slot), slot); }

 private:
  using Wakeups = detail::Wakeups<Backend>;

  [[nodiscard]] static Lifecycle& pool_of(PoolSlot& slot) noexcept { return static_cast<Lifecycle&>(*slot.owner); }

  [[nodiscard]] bool any_entry_busy() noexcept {
    const auto lock = lifecycle_.access();
    return lifecycle_.worker_cache().busy();
  }
  /// The pool is closed, so nobody begins anything with an entry any more; who has put a connection into one may still
  /// be about to look whether it was in time. That is soon, unless the system has stopped it: hence the growing pauses.
  void await_idle_entries() noexcept {
    constexpr Duration longest = std::chrono::milliseconds(1);
    for (Duration pause = std::chrono::microseconds(20); any_entry_busy(); pause = std::min(2 * pause, longest)) {
      Backend::sleep_until(after(Backend::now(), pause));
    }
  }

  Lifecycle lifecycle_;
  BackgroundWorkers<Types> workers_;
};

}  // namespace carpool::inline v0_1::detail

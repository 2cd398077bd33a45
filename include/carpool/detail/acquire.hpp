/// How a lease begins: in the worker's own cache entry, without the pool's lock, or in the pool's state, or after a
/// wait.
#pragma once

#include <carpool/detail/acquire_wait.hpp>
#include <carpool/detail/admission.hpp>
#include <carpool/detail/diagnosis.hpp>
#include <carpool/detail/lease_return.hpp>
#include <carpool/detail/lifecycle.hpp>
#include <carpool/detail/timeout.hpp>

namespace carpool::inline v0_1::detail {

template <class Types>
class Acquire {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;

  /// Throws what ConnectionPool::acquire does.
  [[nodiscard]] static PoolSlot& acquire(Lifecycle& pool, const Target& target, Timeout<Backend> timeout,
                                         const SourceLocation& site) {
    Events::acquire_started(pool.settings());
    constexpr bool takes_first = Events::wants_failures && !has_target<typename Types::Connector>;
    PoolSlot* taken = nullptr;
    if constexpr (takes_first) {
      taken = take_unseen(pool, target, site);  // what cannot fail needs nothing that tells of it
      if (taken != nullptr && Admission<Types>::admit_at_once(pool, *taken)) [[likely]]
        return told_at_once(pool, *taken);
    }
    PoolSlot& slot = told_if_it_fails(pool, timeout, [&]() -> PoolSlot& {
      PoolSlot* const ready =
          takes_first ? look_at(pool, taken, target, timeout) : take_ready(pool, target, timeout, site);
      return ready != nullptr ? *ready : AcquireWait<Types>(pool, target, timeout, site).run();
    });
    if constexpr (Events::wants_wait) Events::acquired(pool.settings(), slot, timeout.waited());
    return slot;
  }

  [[nodiscard]] static PoolSlot* try_acquire(Lifecycle& pool, const Target& target, const SourceLocation& site) {
    Timeout<Backend> none(TimePoint::min());
    Events::acquire_started(pool.settings());
    PoolSlot* const slot = told_if_it_fails(pool, none, [&] {
      PoolSlot* const ready = take_ready(pool, target, none, site);
      if (ready == nullptr && ask_for_one(pool, target)) throw_closed(pool.settings().options);
      return ready;
    });
    if (slot != nullptr) Events::acquired(pool.settings(), *slot, Duration::zero());
    if (slot == nullptr) Events::acquire_failed(pool.settings(), AcquireFailure::timeout, Duration::zero());
    return slot;
  }

  /// Only what is ready, and nothing is asked for: an acquire that nobody sleeps for waits where this is nullptr.
  /// Throws what the connector's matches does. No observer is told.
  [[nodiscard]] static PoolSlot* take_if_ready(Lifecycle& pool, const Target& target, const SourceLocation& site) {
    Timeout<Backend> none(TimePoint::min());
    return take_ready(pool, target, none, site, true);
  }
  /// The same, and observers hear of it where there is one.
  [[nodiscard]] static PoolSlot* take_if_ready_and_tell(Lifecycle& pool, const Target& target,
                                                        const SourceLocation& site) {
    PoolSlot* const slot = take_if_ready(pool, target, site);
    if (slot == nullptr) return nullptr;
    Events::acquire_started(pool.settings());
    Events::acquired(pool.settings(), *slot, Duration::zero());
    return slot;
  }

 private:
  using Events = detail::Events<typename Types::Observer>;
  using Wakeups = detail::Wakeups<Backend>;

  /// An idle connection that is good as it is, or nullptr.
  [[nodiscard]] static PoolSlot* take_ready(Lifecycle& pool, const Target& target, Timeout<Backend>& timeout,
                                            const SourceLocation& site, bool put_stale_back = false) {
    const TimePoint now = Backend::coarse_now();
    PoolSlot* slot = take_cached(pool, target, site, now);
    if (slot == nullptr) slot = take_locked(pool, target, site, now);
    if (slot == nullptr ||
        Admission<Types>::admit(pool, *slot, target, timeout, nullptr, put_stale_back) != Admitted::yes)
      return nullptr;
    if (pool.minds_each_lease()) [[unlikely]]
      attend(pool, now);
    return slot;
  }
  /// What the caller has taken, if it took anything, where it is good as it is.
  [[nodiscard]] static PoolSlot* look_at(Lifecycle& pool, PoolSlot* taken, const Target& target,
                                         Timeout<Backend>& timeout) {
    if (taken == nullptr || Admission<Types>::admit(pool, *taken, target, timeout) != Admitted::yes) return nullptr;
    if (pool.minds_each_lease()) [[unlikely]]
      attend(pool, taken->lease.since());
    return taken;
  }

  /// An idle connection that the caller has yet to look at, or nullptr. Throws what the targets' == throws.
  [[nodiscard, gnu::always_inline]] static PoolSlot* take_unseen(Lifecycle& pool, const Target& target,
                                                                 const SourceLocation& site) {
    const TimePoint now = Backend::coarse_now();
    PoolSlot* const cached = take_cached(pool, target, site, now);
    return cached != nullptr ? cached : take_locked(pool, target, site, now);
  }

  [[nodiscard]] static PoolSlot& told_at_once(Lifecycle& pool, PoolSlot& slot) noexcept {
    if (pool.minds_each_lease()) [[unlikely]]
      attend(pool, slot.lease.since());
    Events::acquired(pool.settings(), slot, Duration::zero());
    return slot;
  }

  [[gnu::noinline]] [[nodiscard]] static PoolSlot* take_locked(Lifecycle& pool, const Target& target,
                                                               const SourceLocation& site, TimePoint now) {
    return pool.access_without_flush()->try_take_fast(target, site, now);
  }

  /// What this worker gave back last, if it still rests in its entry and is for this target.
  [[nodiscard, gnu::always_inline]] static PoolSlot* take_cached([[maybe_unused]] Lifecycle& pool,
                                                                 [[maybe_unused]] const Target& target,
                                                                 [[maybe_unused]] const SourceLocation& site,
                                                                 [[maybe_unused]] TimePoint now) {
    if constexpr (Types::worker_caching == WorkerCaching::none) {
      return nullptr;
    } else {
      if (!pool.worker_cache().open()) return nullptr;
      const WorkerId worker = Types::this_worker();
      auto* const entry = pool.worker_cache().of(worker);
      if (entry == nullptr) return nullptr;
      const auto attempt = entry->take();
      if (attempt.slot == nullptr || (!attempt.certain && !LeaseReturn<Types>::settle(pool, *entry, attempt)))
        return nullptr;
      if (!keep_if_for(pool, target, *attempt.slot)) return nullptr;
      entry->count_lease();
      attempt.slot->lease.begin(site, now);
      return attempt.slot;
    }
  }

  /// What rested here may be for another target than the worker asks for this time: then it goes to the queue, and
  /// the cache closes for a while, because workers whose targets change gain nothing by it. Throws what the targets' ==
  /// throws.
  [[nodiscard]] static bool keep_if_for([[maybe_unused]] Lifecycle& pool, [[maybe_unused]] const Target& target,
                                        [[maybe_unused]] PoolSlot& slot) {
    if constexpr (has_target<typename Types::Connector>) {
      try {
        if (*slot.endpoint->target == target) return true;
      } catch (...) {
        LeaseReturn<Types>::return_cached(pool, slot);
        throw;
      }
      LeaseReturn<Types>::return_cached(pool, slot);
      return false;
    }
    return true;
  }
  /// attempt(); where it throws, the observer is told why, and how long it took.
  template <class Attempt>
  [[nodiscard]] static decltype(auto) told_if_it_fails([[maybe_unused]] Lifecycle& pool,
                                                       [[maybe_unused]] const Timeout<Backend>& timeout,
                                                       Attempt attempt) {
    if constexpr (!Events::wants_failures) {
      return attempt();
    } else {
      const auto kept = pool.keep_settings();  // the core may be gone when the attempt has failed
      try {
        return attempt();
      } catch (const PoolError& error) {
        if (!kept->owner_gone.get()) Events::acquire_failed(*kept, failure_of(error), timeout.waited());
        throw;
      } catch (...) {
        if (!kept->owner_gone.get()) Events::acquire_failed(*kept, AcquireFailure::interrupted, timeout.waited());
        throw;
      }
    }
  }

  /// True: the pool is closed.
  [[nodiscard]] static bool ask_for_one(Lifecycle& pool, const Target& target) {
    Wakeups wakeups;
    auto state = pool.access();
    if (state->gate.finished()) return true;
    auto& endpoint = state->inventory.endpoints.at(target);
    Instant<Backend> now;
    state->demand.ask_for_one(endpoint, now);
    state->inventory.drop_if_unused(endpoint);
    pool.wake_background_work(*state, wakeups);
    return false;
  }

  /// Another may have to be opened, and this one is to be back in time.
  static void attend(Lifecycle& pool, TimePoint now) noexcept {
    Wakeups wakeups;
    auto state = pool.access();
    pool.expect_back(*state, now, wakeups);
    pool.wake_background_work(*state, wakeups);
  }
};

}  // namespace carpool::inline v0_1::detail

/// What leases, waiters and background work need of a pool: the lock, the state behind it, and a slot's way from one
/// owner to the next.
#pragma once

#include <carpool/detail/events.hpp>
#include <carpool/detail/inherited_state.hpp>
#include <carpool/detail/interruptions.hpp>
#include <carpool/detail/pool_end.hpp>
#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/guarded.hpp>
#include <carpool/detail/state/many_waiters.hpp>
#include <carpool/detail/state/pool_state.hpp>
#include <carpool/detail/suspensions.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace carpool::inline v0_1::detail {

/// What a Lifecycle is a member of. The last that refers to the Lifecycle deletes it.
class LifecycleHolder {
 public:
  LifecycleHolder() noexcept = default;
  LifecycleHolder(const LifecycleHolder&) = delete;
  LifecycleHolder& operator=(const LifecycleHolder&) = delete;
  virtual ~LifecycleHolder() = default;
};

/// Knows no thread and no job. Outlives its ConnectionPool for as long as a lease, or a caller inside acquire, is out.
/// What takes a State& keeps the lock; what takes an Access may let go of it for a while.
template <class Types>
class Lifecycle : public SlotOwner {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Connection = typename Types::Connection;
  using PoolSlot = detail::PoolSlot<Types>;
  using State = PoolState<Types>;
  using Target = typename Types::Target;
  using Wakeups = detail::Wakeups<Backend>;
  using GuardedState = Guarded<State, typename Backend::Mutex>;
  using Access = typename GuardedState::Access;
  using Events = detail::Events<typename Types::Observer>;

  Lifecycle(std::shared_ptr<Settings<Types>> settings, LifecycleHolder& holder)
      : holder_(holder),
        settings_(std::move(settings)),
        state_(settings_->options, cache_, may_cache(settings_->options), *this, settings_),
        out_of_memory_(std::make_shared<ConnectFailure>(ConnectFailure{"out of memory", nullptr, 1, false, true})) {
    if constexpr (!has_target<typename Types::Connector>) {
      auto state = access();
      state->demand.recompute_idle_target(state->inventory.endpoints.at(Target{}));
    }
  }
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  [[nodiscard]] Access access() { return state_.access(); }
  /// For a caller that does not mind that connections are cached.
  [[nodiscard]] Access access_without_flush() { return state_.access_without_flush(); }
  [[nodiscard]] WorkerCache<Types>& worker_cache() noexcept { return cache_; }
  [[nodiscard]] Settings<Types>& settings() const noexcept { return *settings_; }
  /// For who may be the last one out and tells an observer afterwards.
  [[nodiscard]] std::shared_ptr<Settings<Types>> keep_settings() const noexcept { return settings_; }
  [[nodiscard]] const FailurePointer& out_of_memory() const noexcept { return out_of_memory_; }
  [[nodiscard]] PoolEnd<Types>& end() noexcept { return end_; }
  [[nodiscard]] bool forked() const noexcept { return end_.forked(); }

  /// The holder of a slot has no more use for it: idle, if it and the pool are well, else closing.
  void return_slot(State& state, PoolSlot& slot, std::optional<CloseReason> fault, Wakeups& wakeups) noexcept {
    if (!fault && state.inventory.may_adopt(slot, slot.idle_since)) [[unlikely]] {
      state.inventory.adopt(slot);
      wakeups.add(state.idle_workers.expect(slot.lives_until));
    }
    if (!fault) fault = state.close_reason_on_return(slot);
    if (fault) {
      state.inventory.put_closing(slot, *fault);
      state.end_watches.settle(wakeups);
    } else if (slot.dirty) {
      state.inventory.queue_refresh(slot);
    } else {
      state.inventory.put_idle(slot);
      Instant<Backend> now;
      state.hand_over.serve(*slot.endpoint, now, wakeups);
      state.inventory.planner.update(*slot.endpoint);
    }
    wake_background_work(state, wakeups);
  }

  /// The slot is free again; its connection is gone, or there never was one.
  void free_slot(Access& state, PoolSlot& slot, SlotEvent event, Wakeups& wakeups) noexcept {
    state->inventory.put_empty(slot, event);
    state->end_watches.settle(wakeups);
    if (state->gate.waiting() > 0) ManyWaiters<Types>::fail_where_circuit_open(state, wakeups);
    wake_background_work(*state, wakeups);
  }
  void finish_close(Access& state, PoolSlot& slot, Wakeups& wakeups, SlotEvent event = SlotEvent::destroyed) noexcept {
    state->inventory.count_closed(slot.reason);
    free_slot(state, slot, event, wakeups);
  }

  /// Outside the lock, by the slot's owner.
  void destroy_connection(PoolSlot& slot, TimePoint limit = never) noexcept {
    const Uninterrupted<Backend> to_the_end;  // an interruption that met the goodbye would be lost
    const bool tell = !end_.owner_gone();
    if (tell && blameless(slot.reason)) end_.say_goodbye(*settings_, slot, limit);
    slot.connection.reset();
    if (tell) Events::connection_closed(*settings_, slot, slot.reason);
  }

  /// Seldom: something is to be done whenever a lease begins.
  [[nodiscard]] bool minds_each_lease() const noexcept { return minds_each_lease_; }
  /// It was idle for so long, or the machine slept meanwhile (law 14), that only a ping can tell whether it is good.
  [[nodiscard]] bool is_stale(const PoolSlot& slot, TimePoint now) noexcept {
    return now - slot.validated_at > bypass_window_ || suspensions_.any_between(slot.validated_at, now);
  }

  /// A ping went unanswered: the endpoint's other connections that were not heard of since are not asked one by one.
  void invalidate_idle_before(State& state, Endpoint<Types>& endpoint, TimePoint since) noexcept {
    const auto unheard_of = [&](const PoolSlot& slot) {
      return slot.endpoint == &endpoint && slot.validated_at < since;
    };
    state.inventory.close_idle(CloseReason::dead, unheard_of);
    state.inventory.close_refreshing(endpoint, CloseReason::dead, unheard_of);
  }

  /// Something has changed: whoever waits for jobs, or for the pool as a whole, looks again.
  void wake_background_work(State& state, Wakeups& wakeups) noexcept {
    if constexpr (Backend::concurrent) {
      if (state.has_work()) wakeups.add(state.idle_workers.rouse());
      const TimePoint retry = state.inventory.planner.first_retry();
      if (retry != never && state.gate.serving()) [[unlikely]]
        wakeups.add(state.idle_workers.expect(retry));
      if constexpr (has_target<typename Types::Connector>) {
        const Endpoint<Types>* const dead = state.inventory.planner.first_remembered();
        if (dead != nullptr) wakeups.add(state.idle_workers.expect(dead->forget_at(settings_->options)));
      }
    }
    state.watchers.rouse(wakeups);
  }

  /// A lease is out from now on: the reaper is to look whether it comes back in time.
  void expect_back(State& state, TimePoint now, Wakeups& wakeups) noexcept {
    if (const auto& threshold = settings_->options.leak_detection_threshold)
      wakeups.add(state.idle_workers.expect(after(now, *threshold)));
  }
  [[nodiscard]] TimePoint first_due(const PoolSlot& slot, TimePoint now) const noexcept {
    const PoolOptions& options = settings_->options;
    return std::min({settings_->next_look(slot, slot.lives_until, now), after(now, options.keepalive_time),
                     after(now, options.leak_detection_threshold.value_or(forever))});
  }

  /// Closing alone, which takes no time-out: on a backend without concurrency only the caller can do it.
  void run_closes_inline() noexcept {
    if constexpr (!Backend::concurrent) {
      while (PoolSlot* slot = access()->inventory.pending.pop_closing()) {
        destroy_connection(*slot);
        Wakeups wakeups;
        auto state = access();
        finish_close(state, *slot, wakeups);
      }
    }
  }

  // --- the end -----------------------------------------------------------------------------------------

  /// What was given back, or rejected, after the background workers had ended.
  void run_pending_closes(Access& state, Wakeups& wakeups) noexcept {
    while (PoolSlot* slot = state->inventory.pending.pop_closing()) {
      state.unlock();
      destroy_connection(*slot);
      state.lock();
      finish_close(state, *slot, wakeups);
    }
  }

  /// Who has retained the core needs it no more; may be the end of *this.
  void release(Access& state, Wakeups& wakeups) noexcept {
    if (state->references.owner_gone()) run_pending_closes(state, wakeups);
    state->references.release();
    if (!state->unreferenced()) return;
    wakeups.fire();
    delete_if_unreferenced(state);
  }

  /// In a forked child.
  void abandon_in_child() noexcept {
    InheritedState<Types>::abandon(state_.without_lock().inventory.slots, cache_, settings_->connector);
  }

  /// Ends *this if nothing refers to it any more, and leaves the access unlocked then.
  void delete_if_unreferenced(Access& state) noexcept {
    if (!state->unreferenced()) return;
    state.unlock();
    delete &holder_;
  }

 private:
  [[nodiscard]] static bool minds_each_lease(const PoolOptions& options) noexcept {
    return options.min_idle > 0 || options.leak_detection_threshold;
  }
  /// Where each lease must be told of under the lock, nothing may rest elsewhere.
  [[nodiscard]] static bool may_cache(const PoolOptions& options) noexcept { return !minds_each_lease(options); }
  /// The reasons that say nothing against the connection itself.
  [[nodiscard]] static constexpr bool blameless(CloseReason reason) noexcept {
    return reason != CloseReason::dead && reason != CloseReason::reset_failed && reason != CloseReason::discarded;
  }

  LifecycleHolder& holder_;
  const std::shared_ptr<Settings<Types>> settings_;
  Suspensions<Backend> suspensions_;
  WorkerCache<Types> cache_;
  GuardedState state_;
  const FailurePointer out_of_memory_;  // made in time: a failure must be reportable without memory
  const bool minds_each_lease_ = minds_each_lease(settings_->options);
  const Duration bypass_window_ = bypass_window(settings_->options);
  PoolEnd<Types> end_;
};

}  // namespace carpool::inline v0_1::detail

/// What a pool is told as a whole: prewarm, reap, clear, retire, resume, resize, drain, close.
#pragma once

#include <carpool/detail/pool_core.hpp>

#include <memory>

namespace carpool::inline v0_1::detail {

template <class Types>
class PoolAdmin {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Access = typename Core::Access;
  using State = typename Core::State;
  using Wakeups = detail::Wakeups<Backend>;
  using Events = detail::Events<typename Types::Observer>;

  /// Throws std::invalid_argument.
  [[nodiscard]] static std::shared_ptr<Settings<Types>> checked(Settings<Types> settings) {
    validate(settings.options);
    Types::Calls::validate(settings.connector);
    require(!has_target<typename Types::Connector> || settings.options.min_idle == 0, settings.options, "min_idle",
            "0 for a connector with targets, because the pool cannot know which to open; use prewarm(target, n, time)");
    return std::make_shared<Settings<Types>>(std::move(settings));
  }

  /// The observer hears that the pool is ready before anything that the pool does. Throws what starting it does; then
  /// the observer has heard that it is closed.
  [[nodiscard]] static Core* open(const std::shared_ptr<Settings<Types>>& settings) {
    auto core = std::make_unique<Core>(settings);
    Events::pool_ready(settings->observer);
    try {
      core->start();
    } catch (...) {
      Events::pool_closed(settings->observer);
      throw;
    }
    return core.release();
  }

  [[nodiscard]] static PoolSlot* try_acquire(Core& core, const Target& target, const SourceLocation& site) {
    Timeout<Backend> none(TimePoint::min());
    Events::acquire_started(core.settings().observer);
    const TimePoint started = Events::wants_failed_wait ? Backend::now() : TimePoint{};
    PoolSlot* const slot = core.told_if_it_fails(started, [&] {
      PoolSlot* const ready = core.take_ready(target, none, site);
      if (ready == nullptr && ask_for_one(core, target)) throw_closed(core.settings().options);
      return ready;
    });
    if (slot != nullptr) Events::acquired(core.settings().observer, slot->id, Duration::zero());
    if (slot == nullptr) Events::acquire_failed(core.settings().observer, AcquireFailure::timeout, Duration::zero());
    return slot;
  }

  static std::size_t prewarm(Core& core, const Target& target, std::size_t n, Duration timeout) {
    const TimePoint deadline = after(Backend::now(), timeout);
    const PoolOptions& options = core.settings().options;
    n = std::min(n, options.max_idle.value_or(n));
    if (n == 0) return idle_of(core, target);
    Visit visit(core);
    Prewarm running(core, target, n);
    for (bool late = false;; late = !visit.wait(deadline)) {
      auto state = core.access();
      auto& endpoint = state->inventory.endpoints().at(target);
      const std::size_t idle = endpoint.idle.size();
      const bool may_not = state->full() || endpoint.breaker.open(Backend::now());
      const bool stuck = running.failed(endpoint) || (endpoint.connecting == 0 && may_not);
      if (late || idle >= n || stuck || !state->gate.serving()) return idle;
    }
  }

  static std::size_t reap(Core& core) {
    const auto outcome = ReaperPass<Types>().run(core);
    {
      Wakeups wakeups;
      wakeups.add(core.access()->idle_workers.expect(outcome.next_due));  // for the reaper, whose pass this was
    }
    if constexpr (!Backend::concurrent) core.run_jobs(never);
    return outcome.evicted;
  }

  static std::size_t clear(Core& core) {
    if (core.access()->gate.finished()) return 0;
    Events::pool_cleared(core.settings().observer);
    return close_idle(core, CloseReason::retired);
  }

  static void retire_all(Core& core) {
    if (core.access()->gate.finished()) return;
    Events::pool_cleared(core.settings().observer);
    close_idle(core, CloseReason::retired, [](State& state) { state.retire_all(); });
  }

  static void resume(Core& core) {
    if (!core.access()->gate.begin_resuming()) return;
    Events::pool_ready(core.settings().observer);
    Wakeups wakeups;
    auto state = core.access();
    state->resume();
    serve_all(core, state, wakeups);
  }

  static void resize(Core& core, std::size_t max_size) {
    require(max_size >= 1, core.settings().options, "max_size", "at least 1, not 0");
    {
      Wakeups wakeups;
      auto state = core.access();
      state->limits.resize(max_size);
      state->inventory.close_idle(CloseReason::surplus, [&](const PoolSlot&) { return state->over_size(); });
      serve_all(core, state, wakeups);
    }
    core.run_closes_inline();
  }

  static std::size_t drain(Core& core, Duration timeout) {
    const TimePoint deadline = after(Backend::now(), timeout);
    close_idle(core, CloseReason::drained, [&](State& state) {  // one step: who is stopped here leaves nobody asleep
      core.end().begin();
      state.gate.drain();
    });
    Visit visit(core);
    for (bool late = false;; late = !visit.wait(deadline)) {
      const std::size_t out = core.access()->inventory.slots().in_use();
      if (late || out == 0) return out;
    }
  }

  static void close(Core& core) {
    bool closes = false;
    close_idle(core, CloseReason::closed, [&](State& state) {  // one step, as in drain()
      closes = !state.gate.closed();
      if (closes) core.end().begin();
      state.gate.close();
    });
    if (closes) Events::pool_closed(core.settings().observer);
  }

 private:
  /// A caller that waits for the pool as a whole: keeps the books alive and is roused by every change.
  class Visit {
   public:
    explicit Visit(Core& core) : core_(core) {
      auto state = core_.access();
      state->references.retain();
      state->watchers.add(watcher_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      Wakeups wakeups;
      auto state = core_.access();
      state->watchers.remove(watcher_);
      core_.depart(state, wakeups);
    }
    /// False: the deadline came first.
    [[nodiscard]] bool wait(TimePoint deadline) {
      if constexpr (!Backend::concurrent) {
        if (Backend::now() >= deadline) return false;
        if (!core_.run_jobs(deadline) && core_.rest_before_retry(deadline)) core_.run_jobs(deadline);
      } else {
        const bool without_workers = core_.access()->idle_workers.without_workers();  // the lock ends here
        core_.help_out(without_workers, deadline);
      }
      return watcher_.parking.park_until(deadline);
    }

   private:
    Core& core_;
    Watcher<Types> watcher_;
  };

  /// For its lifetime the endpoint wants n idle connections.
  class Prewarm {
   public:
    Prewarm(Core& core, const Target& target, std::size_t n) : core_(core), idle_target_{n} {
      Wakeups wakeups;
      auto state = core_.access();
      auto& endpoint = state->inventory.endpoints().at(target);
      endpoint_ = &endpoint;
      failed_series_ = endpoint.failed_series;
      endpoint.add_idle_target(idle_target_);  // from here on the endpoint is not dropped
      state->gate.begin_prewarm();
      state->demand.recompute_idle_target(endpoint);
      core_.wake_background_work(state, wakeups);
    }
    Prewarm(const Prewarm&) = delete;
    Prewarm& operator=(const Prewarm&) = delete;
    ~Prewarm() {
      auto state = core_.access();
      state->gate.end_prewarm();
      endpoint_->remove_idle_target(idle_target_);
      state->demand.recompute_idle_target(*endpoint_);
      state->inventory.drop_if_unused(*endpoint_);
    }

    /// Under the lock: a series of connects has failed since, and none has succeeded after that.
    [[nodiscard]] bool failed(const Endpoint<Types>& endpoint) const noexcept {
      return endpoint.failure != nullptr && endpoint.failed_series != failed_series_;
    }

   private:
    Core& core_;
    Endpoint<Types>* endpoint_ = nullptr;
    IdleTarget idle_target_;
    std::size_t failed_series_ = 0;
  };

  [[nodiscard]] static std::size_t idle_of(Core& core, const Target& target) {
    auto state = core.access();
    const auto* const endpoint = state->inventory.endpoints().find(target);
    return endpoint == nullptr ? 0 : endpoint->idle.size();
  }
  /// True: the pool is closed.
  [[nodiscard]] static bool ask_for_one(Core& core, const Target& target) {
    Wakeups wakeups;
    auto state = core.access();
    if (state->gate.finished()) return true;
    auto& endpoint = state->inventory.endpoints().at(target);
    Instant<Backend> now;
    state->demand.ask_for_one(endpoint, now);
    state->inventory.drop_if_unused(endpoint);
    core.wake_background_work(state, wakeups);
    return false;
  }

  static std::size_t close_idle(Core& core, CloseReason reason) {
    return close_idle(core, reason, [](State&) {});
  }
  /// `first` under the same lock: so what is opened from then on is not among them.
  template <class First>
  static std::size_t close_idle(Core& core, CloseReason reason, First first) {
    std::size_t count = 0;
    {
      Wakeups wakeups;
      auto state = core.access();
      first(*state);
      count = state->inventory.close_idle(reason, [](const PoolSlot&) { return true; });
      if (state->gate.finished()) {
        state->inventory.close_refreshing(reason);
        ManyWaiters<Types>::fail_all(state, wakeups);
      }
      core.wake_background_work(state, wakeups);
    }
    core.run_closes_inline();
    return count;
  }

  static void serve_all(Core& core, Access& state, Wakeups& wakeups) noexcept {
    ManyWaiters<Types>::serve_all(state, wakeups);
    core.wake_background_work(state, wakeups);
  }
};

}  // namespace carpool::inline v0_1::detail

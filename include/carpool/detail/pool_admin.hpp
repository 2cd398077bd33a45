/// What a pool is told as a whole: prewarm, reap, clear, retire, resume, resize, drain, close.
#pragma once

#include <carpool/detail/pool_core.hpp>

#include <memory>
#include <type_traits>

namespace carpool::inline v0_1::detail {

template <class Types>
class PoolAdmin {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Access = typename Lifecycle::Access;
  using State = typename Lifecycle::State;
  using Wakeups = detail::Wakeups<Backend>;
  using Events = detail::Events<typename Types::Observer>;

  /// Throws std::invalid_argument.
  [[nodiscard]] static std::shared_ptr<Settings<Types>> checked(Settings<Types> settings) {
    validate(settings.options);
    if (settings.options.name != PoolOptions{}.name)
      Types::Calls::set_pool_name(settings.connector, settings.options.name);
    Types::Calls::validate(settings.connector);
    require(!has_target<typename Types::Connector> || settings.options.min_idle == 0, settings.options, "min_idle",
            "0 for a connector with targets, because the pool cannot know which to open; use prewarm(target, n, time)");
    if constexpr (!std::is_same_v<typename Types::Observer, NoObserver> && !has_target<typename Types::Connector>)
      settings.server = Types::Calls::describe(settings.connector, Target{});
    return std::make_shared<Settings<Types>>(std::move(settings));
  }

  /// The observer hears that the pool is ready before anything that the pool does. Throws what starting it does; then
  /// the observer has heard that it is closed.
  [[nodiscard]] static Core* open(const std::shared_ptr<Settings<Types>>& settings) {
    auto core = std::make_unique<Core>(settings);
    Events::pool_ready(*settings);
    try {
      core->start();
    } catch (...) {
      Events::pool_closed(*settings);
      throw;
    }
    return core.release();
  }

  static std::size_t prewarm(Lifecycle& pool, const Target& target, std::size_t n, Duration timeout) {
    const TimePoint deadline = after(Backend::now(), timeout);
    const PoolOptions& options = pool.settings().options;
    n = std::min(n, options.max_idle.value_or(n));
    if (n == 0) return idle_of(pool, target);
    Visit visit(pool);
    Prewarm running(pool, target, n);
    for (bool late = false;; late = !visit.wait(deadline)) {
      auto state = pool.access();
      auto& endpoint = state->inventory.endpoints.at(target);
      const std::size_t idle = endpoint.idle.size();
      const bool may_not = state->full() || endpoint.breaker.open(Backend::now());
      const bool stuck = running.failed(endpoint) || (endpoint.connecting == 0 && may_not);
      if (late || idle >= n || stuck || !state->gate.serving()) return idle;
    }
  }

  static std::size_t reap(Lifecycle& pool) {
    const auto outcome = ReaperPass<Types>().run(pool);
    {
      Wakeups wakeups;
      wakeups.add(pool.access()->idle_workers.expect(outcome.next_due));  // for the reaper, whose pass this was
    }
    if constexpr (!Backend::concurrent) JobQueue<Types>::run_all(pool, never);
    return outcome.evicted;
  }

  static std::size_t clear(Lifecycle& pool) {
    if (pool.access()->gate.finished()) return 0;
    Events::pool_cleared(pool.settings());
    return close_idle(pool, CloseReason::retired);
  }

  static void retire_all(Lifecycle& pool) {
    if (pool.access()->gate.finished()) return;
    Events::pool_cleared(pool.settings());
    close_idle(pool, CloseReason::retired, [](State& state) { state.retire_all(); });
  }

  /// Each in its turn, so that the reaper closes one after the other.
  static void retire_all(Lifecycle& pool, Duration over) {
    if (over <= Duration::zero()) return retire_all(pool);
    if (pool.access()->gate.finished()) return;
    Events::pool_cleared(pool.settings().observer);
    const TimePoint now = Backend::now();
    Wakeups wakeups;
    auto state = pool.access();
    state->retire_all(now, over);
    wakeups.add(state->idle_workers.expect(now));
    pool.wake_background_work(*state, wakeups);
  }

  static void resume(Lifecycle& pool) {
    if (!pool.access()->gate.begin_resuming()) return;
    Events::pool_ready(pool.settings());
    Wakeups wakeups;
    auto state = pool.access();
    state->resume();
    serve_all(pool, state, wakeups);
  }

  static void resize(Lifecycle& pool, std::size_t max_size) {
    require(max_size >= 1, pool.settings().options, "max_size", "at least 1, not 0");
    {
      Wakeups wakeups;
      auto state = pool.access();
      state->limits.resize(max_size);
      state->inventory.close_idle(CloseReason::surplus, [&](const PoolSlot&) { return state->over_size(); });
      serve_all(pool, state, wakeups);
    }
    pool.run_closes_inline();
  }

  static std::size_t drain(Lifecycle& pool, Duration timeout) {
    const TimePoint deadline = after(Backend::now(), timeout);
    begin_drain(pool);
    Visit visit(pool);
    for (bool late = false;; late = !visit.wait(deadline)) {
      const std::size_t out = pool.access()->inventory.slots.in_use();
      if (late || out == 0) return out;
    }
  }

  static void begin_drain(Lifecycle& pool) {
    close_idle(pool, CloseReason::drained, [&](State& state) {  // one step: who is stopped here leaves nobody asleep
      pool.end().begin();
      state.gate.drain();
    });
  }

  static void close(Lifecycle& pool) {
    bool closes = false;
    close_idle(pool, CloseReason::closed, [&](State& state) {  // one step, as in drain()
      closes = !state.gate.closed();
      if (closes) pool.end().begin();
      state.gate.close();
    });
    if (closes) Events::pool_closed(pool.settings());
  }

 private:
  /// A caller that waits for the pool as a whole: keeps the core alive and is roused by every change.
  class Visit {
   public:
    explicit Visit(Lifecycle& pool) : pool_(pool) {
      auto state = pool_.access();
      state->references.retain();
      state->watchers.add(watcher_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      Wakeups wakeups;
      auto state = pool_.access();
      state->watchers.remove(watcher_);
      pool_.release(state, wakeups);
    }
    /// False: the deadline came first.
    [[nodiscard]] bool wait(TimePoint deadline) {
      if constexpr (!Backend::concurrent) {
        if (Backend::now() >= deadline) return false;
        if (!JobQueue<Types>::run_all(pool_, deadline) && JobQueue<Types>::rest_before_retry(pool_, deadline))
          JobQueue<Types>::run_all(pool_, deadline);
      } else {
        const bool without_workers = pool_.access()->idle_workers.without_workers();  // the lock ends here
        JobQueue<Types>::help_out(pool_, without_workers, deadline);
      }
      return watcher_.parking.park_until(deadline);
    }

   private:
    Lifecycle& pool_;
    Watcher<Types> watcher_;
  };

  /// For its lifetime the endpoint wants n idle connections.
  class Prewarm {
   public:
    Prewarm(Lifecycle& pool, const Target& target, std::size_t n) : pool_(pool), idle_target_{n} {
      Wakeups wakeups;
      auto state = pool_.access();
      auto& endpoint = state->inventory.endpoints.at(target);
      endpoint_ = &endpoint;
      failed_series_ = endpoint.failed_series;
      endpoint.add_idle_target(idle_target_);  // from here on the endpoint is not dropped
      state->gate.begin_prewarm();
      state->demand.recompute_idle_target(endpoint);
      pool_.wake_background_work(*state, wakeups);
    }
    Prewarm(const Prewarm&) = delete;
    Prewarm& operator=(const Prewarm&) = delete;
    ~Prewarm() {
      auto state = pool_.access();
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
    Lifecycle& pool_;
    Endpoint<Types>* endpoint_ = nullptr;
    IdleTarget idle_target_;
    std::size_t failed_series_ = 0;
  };

  [[nodiscard]] static std::size_t idle_of(Lifecycle& pool, const Target& target) {
    auto state = pool.access();
    const auto* const endpoint = state->inventory.endpoints.find(target);
    return endpoint == nullptr ? 0 : endpoint->idle.size();
  }
  static std::size_t close_idle(Lifecycle& pool, CloseReason reason) {
    return close_idle(pool, reason, [](State&) {});
  }
  /// `first` under the same lock: so what is opened from then on is not among them.
  template <class First>
  static std::size_t close_idle(Lifecycle& pool, CloseReason reason, First first) {
    std::size_t count = 0;
    {
      Wakeups wakeups;
      auto state = pool.access();
      first(*state);
      count = state->inventory.close_idle(reason, [](const PoolSlot&) { return true; });
      if (state->gate.finished()) {
        state->inventory.close_refreshing(reason);
        ManyWaiters<Types>::fail_all(state, wakeups);
      }
      pool.wake_background_work(*state, wakeups);
    }
    pool.run_closes_inline();
    return count;
  }

  static void serve_all(Lifecycle& pool, Access& state, Wakeups& wakeups) noexcept {
    ManyWaiters<Types>::serve_all(state, wakeups);
    pool.wake_background_work(*state, wakeups);
  }
};

}  // namespace carpool::inline v0_1::detail

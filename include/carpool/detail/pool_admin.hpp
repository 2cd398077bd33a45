/// What a pool is told as a whole: prewarm, reap, clear, retire, resume, resize, drain, close.
#pragma once

#include <carpool/detail/pool_core.hpp>

#include <memory>

namespace carpool::detail {

template <class Types>
class PoolAdmin {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using Place = detail::Place<Types>;
  using Target = typename Types::Target;
  using Access = typename Core::Access;
  using State = typename Core::State;
  using Wakeups = detail::Wakeups<Backend>;
  using Events = detail::Events<typename Types::Observer>;

  /// Throws std::invalid_argument.
  [[nodiscard]] static std::shared_ptr<Settings<Types>> checked(Settings<Types> settings) {
    validate(settings.options);
    require(!has_target<typename Types::Connector> || settings.options.min_idle == 0, settings.options, "min_idle",
            "0 for a connector with targets, because the pool cannot know which to open; use prewarm(target, n, time)");
    return std::make_shared<Settings<Types>>(std::move(settings));
  }

  [[nodiscard]] static Place* try_acquire(Core& core, const Target& target, const SourceLocation& site) {
    Patience<Backend> none(TimePoint::min());
    Events::acquire_started(core.settings().observer);
    Place* const place = core.told_if_it_fails([&] {
      Place* const ready = core.take_ready(target, none, site);
      if (ready == nullptr && ask_for_one(core, target)) throw_closed(core.settings().options);
      return ready;
    });
    if (place != nullptr) Events::acquired(core.settings().observer, place->id, Duration::zero());
    if (place == nullptr) Events::acquire_failed(core.settings().observer, AcquireFailure::timeout);
    return place;
  }

  static std::size_t prewarm(Core& core, const Target& target, std::size_t n, Duration patience) {
    const TimePoint deadline = after(Backend::now(), patience);
    const PoolOptions& options = core.settings().options;
    n = std::min(n, options.max_idle.value_or(n));
    Visit visit(core);
    Wanting wanting(core, target, n);
    for (bool late = false;; late = !visit.wait(deadline)) {
      auto state = core.access();
      auto& endpoint = state->endpoints().at(target);
      const std::size_t idle = endpoint.idle.size();
      const bool may_not = state->full() || endpoint.breaker.open(Backend::now());
      const bool stuck = wanting.failed(endpoint) || (endpoint.connecting == 0 && may_not);
      if (late || idle >= n || stuck || !state->serving()) return idle;
    }
  }

  static std::size_t reap(Core& core) {
    const auto outcome = Upkeep<Types>().run(core);
    {
      Wakeups wakeups;
      wakeups.add(core.access()->roster.expect(outcome.next_due));  // for the keeper, whose round this was
    }
    if constexpr (!Backend::concurrent) core.run_errands(never);
    return outcome.evicted;
  }

  static std::size_t clear(Core& core) {
    const std::size_t count = close_idle(core, CloseReason::retired);
    Events::pool_cleared(core.settings().observer);
    return count;
  }

  static void retire_all(Core& core) {
    close_idle(core, CloseReason::retired, [](State& state) { state.new_generation(); });
    Events::pool_cleared(core.settings().observer);
  }

  static void resume(Core& core) {
    {
      Wakeups wakeups;
      auto state = core.access();
      state->resume();
      serve_all(core, state, wakeups);
    }
    Events::pool_ready(core.settings().observer);
  }

  static void resize(Core& core, std::size_t max_size) {
    require(max_size >= 1, core.settings().options, "max_size", "at least 1, not 0");
    {
      Wakeups wakeups;
      auto state = core.access();
      state->resize(max_size);
      state->close_idle(CloseReason::surplus, [&](const Place&) { return state->over_size(); });
      serve_all(core, state, wakeups);
    }
    core.bury_now();
  }

  static std::size_t drain(Core& core, Duration patience) {
    const TimePoint deadline = after(Backend::now(), patience);
    {
      auto state = core.access();
      core.end().begin();
      state->drain();
    }
    close_idle(core, CloseReason::drained);
    Visit visit(core);
    for (bool late = false;; late = !visit.wait(deadline)) {
      const std::size_t out = core.access()->ledger().count(PlaceState::in_use);
      if (late || out == 0) return out;
    }
  }

  static void close(Core& core) {
    {
      auto state = core.access();
      if (state->closed()) return;
      core.end().begin();
      state->close();
    }
    close_idle(core, CloseReason::closed);
    Events::pool_closed(core.settings().observer);
  }

 private:
  /// A caller that waits for the pool as a whole: keeps the books alive and is roused by every change.
  class Visit {
   public:
    explicit Visit(Core& core) : core_(core) {
      auto state = core_.access();
      state->enter();
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
      const bool short_handed = core_.access()->roster.short_handed();  // the lock ends here
      core_.help_out(short_handed, deadline);
      return watcher_.parking.park_until(deadline);
    }

   private:
    Core& core_;
    Watcher<Types> watcher_;
  };

  /// For its lifetime the endpoint wants n idle connections.
  class Wanting {
   public:
    Wanting(Core& core, const Target& target, std::size_t n) : core_(core), target_(target), wish_{n} {
      Wakeups wakeups;
      auto state = core_.access();
      auto& endpoint = state->endpoints().at(target_);
      failure_ = endpoint.failure;
      if (wish_.count > 0) endpoint.add_wish(wish_);  // from here on the endpoint is not dropped
      state->heed_wishes(endpoint);
      core_.stir(state, wakeups);
    }
    Wanting(const Wanting&) = delete;
    Wanting& operator=(const Wanting&) = delete;
    ~Wanting() {
      auto state = core_.access();
      auto* endpoint = state->endpoints().find(target_);
      if (endpoint == nullptr) return;  // nothing was wanted of it
      if (wish_.count > 0) endpoint->remove_wish(wish_);
      state->heed_wishes(*endpoint);
      state->endpoints().drop_if_unused(*endpoint);
    }

    /// Under the lock: a connect has failed since, and none has succeeded after that.
    [[nodiscard]] bool failed(const Endpoint<Types>& endpoint) const noexcept {
      return endpoint.failure != nullptr && endpoint.failure != failure_;
    }

   private:
    Core& core_;
    const Target& target_;
    Wish wish_;
    FailurePointer failure_;
  };

  /// True: the pool is closed.
  [[nodiscard]] static bool ask_for_one(Core& core, const Target& target) {
    Wakeups wakeups;
    auto state = core.access();
    if (state->finished()) return true;
    auto& endpoint = state->endpoints().at(target);
    if (endpoint.missing() == 0 && endpoint.idle.size() == 0 && state->has_free_place() &&
        !endpoint.breaker.open(Backend::now())) {
      state->ask(endpoint);
    }
    state->endpoints().drop_if_unused(endpoint);
    core.stir(state, wakeups);
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
      count = state->close_idle(reason, [](const Place&) { return true; });
      if (state->finished()) {
        state->close_refreshing(reason);
        ManyWaiters<Types>::dismiss_all(state, wakeups);
      }
      core.stir(state, wakeups);
    }
    core.bury_now();
    return count;
  }

  static void serve_all(Core& core, Access& state, Wakeups& wakeups) noexcept {
    ManyWaiters<Types>::serve_all(state, wakeups);
    core.stir(state, wakeups);
  }
};

}  // namespace carpool::detail

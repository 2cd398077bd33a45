/// The engine behind a ConnectionPool: the lock, the fast paths, and the life of a place from one owner to the next.
#pragma once

#include <carpool/detail/acquisition.hpp>
#include <carpool/detail/crew.hpp>
#include <carpool/detail/errands.hpp>
#include <carpool/detail/guarded.hpp>
#include <carpool/detail/settings.hpp>

#include <exception>
#include <memory>

namespace carpool::detail {

/// Outlives its ConnectionPool for as long as a lease, or a caller inside acquire, is out: the last one out deletes it.
template <class Types>
class PoolCore {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Connection = typename Types::Connection;
  using Place = detail::Place<Types>;
  using State = PoolState<Types>;
  using Target = typename Types::Target;
  using Wakeups = detail::Wakeups<Backend>;
  using Books = Guarded<State, typename Backend::Mutex>;
  using Access = typename Books::Access;
  using Events = detail::Events<typename Types::Observer>;

  /// Throws what spawning the keeper does.
  explicit PoolCore(std::shared_ptr<Settings<Types>> settings)
      : settings_(std::move(settings)),
        books_(settings_->options),
        crew_(*this),
        out_of_memory_(std::make_shared<ConnectFailure>(ConnectFailure{"out of memory", nullptr, 1, false})) {
    if constexpr (!has_target<typename Types::Connector>) {
      auto state = access();
      state->want_idle(state->endpoints().at(Target{}), settings_->options.min_idle);
    }
    crew_.start();
  }

  [[nodiscard]] Access access() { return books_.access(); }
  [[nodiscard]] Settings<Types>& settings() const noexcept { return *settings_; }
  [[nodiscard]] const FailurePointer& out_of_memory() const noexcept { return out_of_memory_; }
  [[nodiscard]] bool forked() const noexcept { return fork_generation_ != Backend::fork_generation(); }

  // --- leases ------------------------------------------------------------------------------------------

  /// Throws what ConnectionPool::acquire does.
  [[nodiscard]] Place& acquire(const Target& target, Patience<Backend> patience, const SourceLocation& site) {
    Events::acquire_started(settings_->observer);
    const TimePoint started = Events::wants_wait ? Backend::now() : TimePoint{};
    Place* place = take_ready(target, patience, site);
    if (place == nullptr) place = &acquire_slowly(target, patience, site);
    if constexpr (Events::wants_wait) Events::acquired(settings_->observer, place->id, Backend::now() - started);
    return *place;
  }

  /// An idle connection that is good as it is, or nullptr.
  [[nodiscard]] Place* take_ready(const Target& target, Patience<Backend>& patience, const SourceLocation& site) {
    Place* place = access()->take_quietly(target, site, Backend::coarse_now());
    if (place == nullptr || !admit(*place, target, patience)) return nullptr;
    if (settings_->options.min_idle > 0) [[unlikely]] top_up();
    return place;
  }

  /// The last look before a connection is handed out, by the caller and outside the lock. False: it was not good, and
  /// has been taken care of.
  [[nodiscard]] bool admit(Place& place, const Target& target, Patience<Backend>& patience) {
    const TimePoint now = place.acquired_at;
    if (const auto fault = fault_at_hand_out(place, target, now)) return reject(place, *fault);
    if constexpr (Calls::pings) {
      const bool stale = now - place.validated_at > settings_->options.validation_bypass_window;
      if (stale && !revalidate(place, patience)) return false;
    }
    place.exceptions = std::uncaught_exceptions();
    return true;
  }

  /// Never throws, allocates, waits or does I/O (law 11).
  void give_back(Place& place) noexcept {
    if (forked()) [[unlikely]] return Calls::abandon(settings_->connector, *place.connection);
    const TimePoint now = Backend::coarse_now();
    note_return(place, now);
    const auto fault = fault_on_return(place, now);
    if (!fault && !place.dirty && access()->keep_quietly(place)) [[likely]] return;
    settle_return(place, fault);
  }

  void discard(Place& place) noexcept {
    if (forked()) return Calls::abandon(settings_->connector, *place.connection);
    note_return(place, Backend::coarse_now());
    settle_return(place, CloseReason::discarded);
  }

  [[nodiscard]] Connection detach(Place& place) {
    Connection mine = std::move(*place.connection);
    if (forked()) return mine;
    place.connection.reset();
    Wakeups wakeups;
    auto state = access();
    vacate(state, place, wakeups);
    depart_if_forsaken(state);
    return mine;
  }

  // --- places on their way -----------------------------------------------------------------------------

  /// The holder of an in_use place has no more use for it: idle, if it and the pool are well, else closing.
  void settle_place(Access& state, Place& place, std::optional<CloseReason> fault, Wakeups& wakeups) noexcept {
    if (!fault) fault = state->unwanted(place);
    if (fault) {
      state->put_closing(place, *fault);
    } else if (place.dirty) {
      state->queue_refresh(place);
    } else {
      state->put_idle(place);
      state->serve(*place.endpoint, Backend::now(), wakeups);
    }
    stir(state, wakeups);
  }

  /// The place is free again; its connection is gone, or there never was one.
  void vacate(Access& state, Place& place, Wakeups& wakeups) noexcept {
    state->put_empty(place);
    if (state->waiting() > 0) dismiss_hopeless(state, wakeups);
    stir(state, wakeups);
  }
  void bury(Access& state, Place& place, Wakeups& wakeups) noexcept {
    ++state->counters.closed_by_reason[static_cast<std::size_t>(place.reason)];
    vacate(state, place, wakeups);
  }

  /// Outside the lock, by the place's owner.
  void destroy_connection(Place& place, Goodbye goodbye) noexcept {
    const auto& connector = settings_->connector;
    if (Calls::says_goodbye && goodbye == Goodbye::if_healthy && blameless(place.reason) &&
        connector.is_connected(*place.connection)) {
      Calls::invalidate(connector, *place.connection, after(Backend::now(), settings_->options.close_timeout));
    }
    place.connection.reset();
    Events::connection_closed(settings_->observer, place.id, place.reason);
  }

  /// A ping went unanswered: the endpoint's other connections that were not heard of since are not asked one by one.
  void distrust(Access& state, const Endpoint<Types>& endpoint, TimePoint since) noexcept {
    state->close_idle(CloseReason::dead,
                      [&](const Place& place) { return place.endpoint == &endpoint && place.validated_at < since; });
  }

  /// Something has changed: whoever waits for errands, or for the pool as a whole, looks again.
  void stir(Access& state, Wakeups& wakeups) noexcept {
    if constexpr (Backend::concurrent) {
      if (Errands<Types>::pending(*state, Backend::now())) wakeups.add(state->roster.rouse());
    }
    state->rouse_watchers(wakeups);
  }

  [[nodiscard]] TimePoint first_due(const Place& place, TimePoint now) const noexcept {
    const PoolOptions& options = settings_->options;
    return std::min({settings_->next_look(place, place.lives_until, now), after(now, options.keepalive_time),
                     after(now, options.leak_detection_threshold.value_or(forever))});
  }

  // --- errands -----------------------------------------------------------------------------------------

  /// For a helper: the next thing to do. Rouses a colleague if that leaves something undone.
  [[nodiscard]] Errand<Types> next_errand() noexcept {
    Wakeups wakeups;
    auto state = access();
    try {
      const Errand<Types> errand = Errands<Types>::next(*state, *this, Backend::now());
      if (errand.kind != ErrandKind::none) stir(state, wakeups);
      return errand;
    } catch (const std::bad_alloc&) {  // no memory for one more place: try again when there may be
      wakeups.add(state->roster.expect(after(Backend::now(), std::chrono::seconds(1))));
      return {};
    }
  }

  /// On a backend without concurrency the caller does what helpers would, for no longer than `limit`.
  void run_errands(TimePoint limit) {
    for (;;) {
      Errand<Types> errand;
      {
        auto state = access();
        errand = Errands<Types>::next(*state, *this, Backend::now());
      }
      if (errand.kind == ErrandKind::none) return;
      Errands<Types>::run(errand, *this, nullptr, limit);
    }
  }
  /// Closing alone, which needs no patience: on a backend without concurrency nobody else would do it.
  void bury_now() noexcept {
    if constexpr (!Backend::concurrent) {
      while (Place* place = access()->next_closing()) {
        destroy_connection(*place, Goodbye::if_healthy);
        Wakeups wakeups;
        auto state = access();
        bury(state, *place, wakeups);
      }
    }
  }

  // --- the end -----------------------------------------------------------------------------------------

  /// The ConnectionPool is going: waits for the background work, and leaves the books to whoever is still out.
  void orphan() noexcept {
    bury_now();
    crew_.stop();
    auto state = access();
    state->orphan();
    depart_if_forsaken(state);
  }

  /// Ends a visit (PoolState::enter); may be the end of *this.
  void depart(Access& state, Wakeups& wakeups) noexcept {
    state->leave();
    if (!state->forsaken()) return;
    wakeups.fire();
    depart_if_forsaken(state);
  }

  /// In a forked child: the parent's books, whose lock may be held by a thread that does not exist here. The idle
  /// connections are closed without a word; the books are left where they are.
  void abandon_in_child() noexcept {
    for (Place& place : books_.without_lock().ledger()) {
      if (place.state == PlaceState::idle) Calls::abandon(settings_->connector, *place.connection);
    }
  }

 private:
  [[nodiscard]] Place& acquire_slowly(const Target& target, Patience<Backend>& patience, const SourceLocation& site) {
    if constexpr (!Events::wants_failures) {
      return Acquisition<Types>(*this, target, patience, site).run();
    } else {
      try {
        return Acquisition<Types>(*this, target, patience, site).run();
      } catch (const PoolError& error) {
        Events::acquire_failed(settings_->observer, failure_of(error));
        throw;
      } catch (...) {
        Events::acquire_failed(settings_->observer, AcquireFailure::interrupted);
        throw;
      }
    }
  }

  [[nodiscard]] static AcquireFailure failure_of(const PoolError& error) noexcept {
    switch (static_cast<PoolErrc>(error.code().value())) {
      case PoolErrc::acquire_timeout: return AcquireFailure::timeout;
      case PoolErrc::pool_closed: return AcquireFailure::closed;
      case PoolErrc::queue_full: return AcquireFailure::queue_full;
      case PoolErrc::breaker_open: return AcquireFailure::breaker_open;
      case PoolErrc::connect_failed:
      case PoolErrc::authentication_failed: return AcquireFailure::connect_error;
      case PoolErrc::interrupted: break;
    }
    return AcquireFailure::interrupted;
  }

  [[nodiscard]] std::optional<CloseReason> fault_at_hand_out(Place& place, const Target& target, TimePoint now) {
    if (!settings_->connector.is_connected(*place.connection)) return CloseReason::dead;
    if (now >= place.good_until) [[unlikely]] {
      if (const auto fault = settings_->expired(place, place.lives_until, now)) return fault;
    }
    if constexpr (has_target<typename Types::Connector>) {
      if (!still_matches(place, target)) return CloseReason::discarded;
    }
    return std::nullopt;
  }
  /// Its last user may have turned it into a connection to something else.
  [[nodiscard]] bool still_matches(Place& place, const Target& target) {
    try {
      return Calls::matches(settings_->connector, *place.connection, target);
    } catch (...) {
      (void)reject(place, CloseReason::dead);
      throw;
    }
  }

  [[nodiscard]] std::optional<CloseReason> fault_on_return(Place& place, TimePoint now) noexcept {
    if (std::uncaught_exceptions() > place.exceptions) return CloseReason::discarded;
    if (!Calls::reusable(settings_->connector, *place.connection)) return CloseReason::dead;
    place.dirty = Calls::dirty(settings_->connector, *place.connection);
    place.good_until = settings_->good_until(place, place.lives_until);
    if (now < place.good_until) [[likely]] return std::nullopt;
    return settings_->expired(place, place.lives_until, now);
  }

  void note_return(Place& place, TimePoint now) noexcept {
    ++place.uses;
    place.idle_since = place.validated_at = now;
    if constexpr (Events::wants_held) Events::released(settings_->observer, place.id, now - place.acquired_at);
  }

  void settle_return(Place& place, std::optional<CloseReason> fault) noexcept {
    {
      Wakeups wakeups;
      auto state = access();
      if (state->orphaned()) return bury_orphan(state, place, fault);
      settle_place(state, place, fault, wakeups);
    }
    bury_now();
  }

  /// A lease that outlived its pool: there is no helper left, and giving back does no I/O, so it goes without a goodbye.
  void bury_orphan(Access& state, Place& place, std::optional<CloseReason> fault) noexcept {
    place.reason = fault.value_or(CloseReason::closed);
    state.unlock();
    destroy_connection(place, Goodbye::none);
    state.lock();
    Wakeups wakeups;
    bury(state, place, wakeups);
    depart_if_forsaken(state);
  }

  /// The acquirer does not want it. Always false, for the caller to return.
  [[nodiscard]] bool reject(Place& place, CloseReason fault) noexcept {
    {
      Wakeups wakeups;
      auto state = access();
      --state->counters.acquired;
      settle_place(state, place, fault, wakeups);
    }
    bury_now();
    return false;
  }

  /// A round trip, because it was idle for long. A caller with less time than a ping may take leaves it to a helper and
  /// waits in line: its giving up must neither cut the ping nor cost a good connection (laws 4 and 9).
  [[nodiscard]] bool revalidate(Place& place, Patience<Backend>& patience) {
    const TimePoint started = Backend::now();
    const TimePoint deadline = after(started, settings_->options.validation_timeout);
    if (Backend::concurrent && patience.deadline() < deadline) return leave_to_helper(place);
    bool answered = false;
    try {
      answered = Calls::ping(settings_->connector, *place.connection, std::min(deadline, patience.deadline()));
    } catch (...) {
      (void)reject(place, CloseReason::dead);
      throw;
    }
    if (answered) return true;
    {
      auto state = access();
      distrust(state, *place.endpoint, started);
    }
    return reject(place, CloseReason::dead);
  }
  [[nodiscard]] bool leave_to_helper(Place& place) noexcept {
    Wakeups wakeups;
    auto state = access();
    --state->counters.acquired;
    state->queue_refresh(place);
    stir(state, wakeups);
    return false;
  }

  void top_up() noexcept {
    Wakeups wakeups;
    auto state = access();
    stir(state, wakeups);
  }

  void dismiss_hopeless(Access& state, Wakeups& wakeups) noexcept {
    const TimePoint now = Backend::now();
    state->endpoints().for_each([&](Endpoint<Types>& endpoint) {
      if (!endpoint.line.empty() && state->hopeless(endpoint, now)) state->dismiss_line(endpoint, endpoint.failure, wakeups);
    });
  }

  void depart_if_forsaken(Access& state) noexcept {
    if (!state->forsaken()) return;
    state.unlock();
    delete this;
  }

  /// The reasons that say nothing against the connection itself.
  [[nodiscard]] static constexpr bool blameless(CloseReason reason) noexcept {
    return reason != CloseReason::dead && reason != CloseReason::reset_failed && reason != CloseReason::discarded;
  }

  const std::shared_ptr<Settings<Types>> settings_;
  Books books_;
  Crew<Types> crew_;
  const FailurePointer out_of_memory_;  // made in time: a failure must be reportable without memory
  const std::uint64_t fork_generation_ = Backend::fork_generation();
};

}  // namespace carpool::detail

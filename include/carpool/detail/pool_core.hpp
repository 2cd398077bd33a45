/// Leases: the fast paths of acquire and release, and the looks that decide whether a connection is good.
#pragma once

#include <carpool/detail/acquisition.hpp>
#include <carpool/detail/exceptions_in_flight.hpp>
#include <carpool/detail/pool_seating.hpp>

#include <algorithm>

namespace carpool::detail {

template <class Types>
class PoolCore : public PoolSeating<Types> {
  using Engine = PoolSeating<Types>;

 public:
  using Engine::access;
  using Engine::bury, Engine::bury_now;
  using Engine::end;
  using Engine::Engine;
  using Engine::forked;
  using Engine::give_back_to_books, Engine::settle_return;
  using Engine::settings, Engine::settle_place, Engine::stir;
  using typename Engine::Access;
  using typename Engine::Backend;
  using typename Engine::Calls;
  using typename Engine::Connection;
  using typename Engine::Events;
  using typename Engine::Place;
  using typename Engine::Target;
  using typename Engine::Wakeups;
  using Waiter = detail::Waiter<Types>;

  /// Throws what ConnectionPool::acquire does.
  [[nodiscard]] Place& acquire(const Target& target, Patience<Backend> patience, const SourceLocation& site) {
    Events::acquire_started(settings().observer);
    const TimePoint started = Events::wants_wait || Events::wants_failed_wait ? Backend::now() : TimePoint{};
    Place& place = told_if_it_fails(started, [&]() -> Place& {
      Place* const ready = take_ready(target, patience, site);
      return ready != nullptr ? *ready : Acquisition<Types>(*this, target, patience, site).run();
    });
    if constexpr (Events::wants_wait) Events::acquired(settings().observer, place.id, Backend::now() - started);
    return place;
  }

  /// An idle connection that is good as it is, or nullptr.
  [[nodiscard]] Place* take_ready(const Target& target, Patience<Backend>& patience, const SourceLocation& site) {
    const TimePoint now = Backend::coarse_now();
    Place* place = this->take_seated(target, site, now);
    if (place == nullptr) place = take_from_books(target, site, now);
    if (place == nullptr || !admit(*place, target, patience)) return nullptr;
    if (settings().options.min_idle > 0) [[unlikely]]
      top_up();
    return place;
  }

  [[gnu::noinline]] [[nodiscard]] Place* take_from_books(const Target& target, const SourceLocation& site,
                                                         TimePoint now) {
    return this->peek()->take_quietly(target, site, now);
  }

  /// attempt(); where it throws, the observer is told why, and how long it took if it wants to know.
  template <class Attempt>
  [[nodiscard]] decltype(auto) told_if_it_fails([[maybe_unused]] TimePoint started, Attempt attempt) {
    if constexpr (!Events::wants_failures) {
      return attempt();
    } else {
      const auto kept = this->keep_settings();  // *this may be gone when the attempt has failed
      try {
        return attempt();
      } catch (const PoolError& error) {
        if (!kept->owner_gone.get()) Events::acquire_failed(kept->observer, failure_of(error), waited_since(started));
        throw;
      } catch (...) {
        if (!kept->owner_gone.get())
          Events::acquire_failed(kept->observer, AcquireFailure::interrupted, waited_since(started));
        throw;
      }
    }
  }

  /// The last look before a connection is handed out, by the caller and outside the lock. False: it was not good, and
  /// has been taken care of; who had waited for it stands in line again.
  [[nodiscard]] bool admit(Place& place, const Target& target, Patience<Backend>& patience, Waiter* waiter = nullptr) {
    const TimePoint now = place.lease.since();
    if (waiter != nullptr && end().owner_gone()) [[unlikely]]
      return reject(place, CloseReason::closed, waiter);
    if (!Calls::is_connected(settings().connector, *place.connection)) return reject(place, CloseReason::dead, waiter);
    if (now >= place.good_until) [[unlikely]] {
      if (const auto fault = fault_at_hand_out(place, now)) return reject(place, *fault, waiter);
    }
    if constexpr (has_target<typename Types::Connector>) {
      if (!still_matches(place, target, waiter)) return reject(place, CloseReason::discarded, waiter);
    }
    if constexpr (Calls::pings) {
      const bool stale = this->is_stale(place, now);
      const bool answered = waiter != nullptr && has_answered(place, *waiter);
      if (stale && !answered && !revalidate(place, patience, waiter)) return false;
    }
    place.exceptions = exceptions_in_flight<Backend>();
    if constexpr (Events::wants_leaks) expect_back(now);
    return true;
  }

  /// Never throws, allocates, waits or does I/O (law 11).
  void give_back(Place& place) noexcept {
    if (end().stranded()) [[unlikely]]
      return end_stranded(place);
    const TimePoint now = Backend::coarse_now();
    const bool known = DueByTimesAlone<typename Types::Eviction> && place.idle_since == now;
    note_return(place, now);
    const bool thrown_over = exceptions_in_flight<Backend>() > place.exceptions;
    if (thrown_over && !Calls::in_step(settings().connector, *place.connection)) [[unlikely]]
      return give_back_to_books(place, CloseReason::discarded);
    if (!Calls::reusable(settings().connector, *place.connection)) return give_back_to_books(place, CloseReason::dead);
    if constexpr (Calls::resets) place.dirty = Calls::dirty(settings().connector, *place.connection);
    if (!known) renew(place);
    if (now >= place.good_until) [[unlikely]] {
      if (const auto fault = settings().expired(place, place.lives_until, now)) return give_back_to_books(place, fault);
    }
    if ((Calls::resets && place.dirty) || !this->put_seated(place)) give_back_to_books(place, std::nullopt);
  }

  /// What its user threw says, by the connector, whether it is kept.
  void give_back_after(Place& place, std::exception_ptr error) noexcept {
    if (end().stranded()) return end_stranded(place);
    const Verdict verdict = Calls::handle_exception(settings().connector, *place.connection, std::move(error));
    verdict == Verdict::keep ? give_back(place) : discard(place);
  }

  void discard(Place& place) noexcept {
    if (end().stranded()) return end_stranded(place);
    note_return(place, Backend::coarse_now());
    auto state = access();
    settle_return(state, place, CloseReason::discarded);
  }

  [[nodiscard]] Connection detach(Place& place) {
    Connection mine = std::move(*place.connection);
    if (forked()) return mine;
    if (!end().stranded()) note_return(place, Backend::coarse_now());
    place.connection.reset();
    place.reason = CloseReason::detached;
    if (!end().owner_gone()) Events::connection_closed(settings().observer, place.id, place.reason);
    Wakeups wakeups;
    auto state = access();
    bury(state, place, wakeups);
    this->depart_if_forsaken(state);
    return mine;
  }

 private:
  /// A lease ends where its pool is not: in a forked child, whose parent has the connection, or after the pool's end.
  /// Who is in a child after its pool's end leaves the connection alone, because only its connector could abandon it.
  [[gnu::noinline]] void end_stranded(Place& place) noexcept {
    if (forked()) {
      if (!settings().owner_gone.get()) Calls::abandon(settings().connector, *place.connection);
      return;
    }
    auto state = access();
    settle_return(state, place, CloseReason::closed);
  }

  [[nodiscard]] static Duration waited_since(TimePoint started) noexcept {
    return Events::wants_failed_wait ? Backend::now() - started : Duration::zero();
  }
  /// Its last user may have turned it into a connection to something else.
  [[nodiscard]] bool still_matches(Place& place, const Target& target, Waiter* waiter) {
    try {
      return Calls::matches(settings().connector, *place.connection, target);
    } catch (...) {
      (void)reject(place, CloseReason::dead, waiter);
      throw;
    }
  }

  /// As the reaper does, it spares those of min_idle that are merely idle for too long.
  [[nodiscard]] std::optional<CloseReason> fault_at_hand_out(const Place& place, TimePoint now) const noexcept {
    const auto fault = settings().expired(place, place.lives_until, now);
    if (fault != CloseReason::idle || settings().options.min_idle == 0) return fault;
    Slot used = place;
    used.idle_since = now;
    return settings().expired(used, place.lives_until, now);
  }
  /// Since the waiter left a ping to a helper, and nobody has used the connection after that.
  [[nodiscard]] static bool has_answered(const Place& place, const Waiter& waiter) noexcept {
    return place.answered_after == place.uses && place.validated_at >= waiter.asked_for_ping;
  }
  [[gnu::noinline]] void renew(Place& place) const noexcept {
    place.good_until = settings().good_until(place, place.lives_until);
  }
  void note_return(Place& place, TimePoint now) noexcept {
    ++place.uses;
    place.idle_since = place.validated_at = now;
    if constexpr (Events::wants_held) {  // a coarse clock may go back a little
      Events::released(settings().observer, place.id, std::max(Duration::zero(), now - place.lease.since()));
    }
  }

  /// The acquirer does not want it. Always false, for the caller to return.
  [[nodiscard]] bool reject(Place& place, CloseReason fault, Waiter* waiter = nullptr) noexcept {
    {
      Wakeups wakeups;
      auto state = access();
      disappoint(state, place, waiter);
      settle_place(state, place, fault, wakeups);
    }
    bury_now();
    return false;
  }
  /// Nobody may come in between: a waiter is back where it stood before the next connection can be given away (law 8).
  void disappoint(Access& state, Place& place, Waiter* waiter) noexcept {
    --state->counters.acquired;
    if (waiter == nullptr) return;
    state->enter(*waiter);
    state->join_line(*place.endpoint, *waiter, Backend::now());
  }

  /// A round trip, because it was idle for long. A caller with less time than a ping may take leaves it to a helper and
  /// waits in line: its giving up must neither cut the ping nor cost a good connection (laws 4 and 9).
  [[nodiscard]] bool revalidate(Place& place, Patience<Backend>& patience, Waiter* waiter) {
    const TimePoint started = Backend::now();
    const TimePoint deadline = after(started, settings().options.validation_timeout);
    if (patience.deadline() < (Backend::concurrent ? deadline : started)) return leave_to_helper(place, waiter);
    bool answered = false;
    try {
      answered = Calls::ping(settings().connector, *place.connection, std::min(deadline, patience.deadline()));
    } catch (...) {
      (void)reject(place, CloseReason::dead, waiter);
      throw;
    }
    if (answered) return true;
    {
      auto state = access();
      this->distrust(state, *place.endpoint, started);
    }
    return reject(place, CloseReason::dead, waiter);
  }
  [[nodiscard]] bool leave_to_helper(Place& place, Waiter* waiter) noexcept {
    Wakeups wakeups;
    auto state = access();
    disappoint(state, place, waiter);
    if (waiter != nullptr) waiter->asked_for_ping = Backend::coarse_now();
    if (state->finished()) return settle_place(state, place, std::nullopt, wakeups), false;  // no helper may be left
    state->queue_refresh(place);
    stir(state, wakeups);
    return false;
  }

  /// A lease is out from now on: the keeper is to look whether it comes back in time.
  void expect_back(TimePoint now) noexcept {
    const auto& threshold = settings().options.leak_detection_threshold;
    if (!threshold) return;
    Wakeups wakeups;
    wakeups.add(access()->roster.expect(after(now, *threshold)));
  }

  void top_up() noexcept {
    Wakeups wakeups;
    auto state = access();
    stir(state, wakeups);
  }
};

}  // namespace carpool::detail

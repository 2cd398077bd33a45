/// Leases: the fast paths of acquire and release, and the looks that decide whether a connection is good.
#pragma once

#include <carpool/detail/acquire_wait.hpp>
#include <carpool/detail/exceptions_in_flight.hpp>
#include <carpool/detail/pool_caching.hpp>

#include <algorithm>

namespace carpool::inline v0_1::detail {

template <class Types>
class PoolCore : public PoolCaching<Types> {
  using Engine = PoolCaching<Types>;

 public:
  using Engine::access;
  using Engine::end;
  using Engine::Engine;
  using Engine::finish_close, Engine::run_closes_inline;
  using Engine::forked;
  using Engine::give_back_to_books, Engine::settle_return;
  using Engine::settings, Engine::return_slot, Engine::wake_background_work;
  using typename Engine::Access;
  using typename Engine::Backend;
  using typename Engine::Calls;
  using typename Engine::Connection;
  using typename Engine::Events;
  using typename Engine::PoolSlot;
  using typename Engine::Target;
  using typename Engine::Wakeups;
  using Waiter = detail::Waiter<Types>;

  /// Throws what ConnectionPool::acquire does.
  [[nodiscard]] PoolSlot& acquire(const Target& target, Timeout<Backend> timeout, const SourceLocation& site) {
    Events::acquire_started(settings().observer);
    const TimePoint started = Events::wants_wait || Events::wants_failed_wait ? Backend::now() : TimePoint{};
    PoolSlot& slot = told_if_it_fails(started, [&]() -> PoolSlot& {
      PoolSlot* const ready = take_ready(target, timeout, site);
      return ready != nullptr ? *ready : AcquireWait<Types>(*this, target, timeout, site).run();
    });
    if constexpr (Events::wants_wait) Events::acquired(settings().observer, slot.id, Backend::now() - started);
    return slot;
  }

  /// An idle connection that is good as it is, or nullptr.
  [[nodiscard]] PoolSlot* take_ready(const Target& target, Timeout<Backend>& timeout, const SourceLocation& site) {
    const TimePoint now = Backend::coarse_now();
    PoolSlot* slot = this->take_cached(target, site, now);
    if (slot == nullptr) slot = take_from_books(target, site, now);
    if (slot == nullptr || !admit(*slot, target, timeout)) return nullptr;
    if (settings().options.min_idle > 0) [[unlikely]]
      top_up();
    return slot;
  }

  [[gnu::noinline]] [[nodiscard]] PoolSlot* take_from_books(const Target& target, const SourceLocation& site,
                                                            TimePoint now) {
    return this->access_without_flush()->try_take_fast(target, site, now);
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
  [[nodiscard]] bool admit(PoolSlot& slot, const Target& target, Timeout<Backend>& timeout, Waiter* waiter = nullptr) {
    const TimePoint now = slot.lease.since();
    if (waiter != nullptr && end().owner_gone()) [[unlikely]]
      return reject(slot, CloseReason::closed, waiter);
    if (!Calls::is_connected(settings().connector, *slot.connection)) return reject(slot, CloseReason::dead, waiter);
    if (now >= slot.good_until) [[unlikely]] {
      if (const auto fault = fault_at_hand_out(slot, now)) return reject(slot, *fault, waiter);
    }
    if constexpr (has_target<typename Types::Connector>) {
      if (!still_matches(slot, target, waiter)) return reject(slot, CloseReason::discarded, waiter);
    }
    if constexpr (Calls::pings) {
      const bool stale = this->is_stale(slot, now);
      const bool answered = waiter != nullptr && has_answered(slot, *waiter);
      if (stale && !answered && !revalidate(slot, timeout, waiter)) return false;
    }
    slot.exceptions = exceptions_in_flight<Backend>();
    if constexpr (Events::wants_leaks) expect_back(now);
    return true;
  }

  /// Never throws, allocates, waits or does I/O (law 11).
  void give_back(PoolSlot& slot) noexcept {
    if (end().stranded()) [[unlikely]]
      return end_stranded(slot);
    const TimePoint now = Backend::coarse_now();
    const bool known = DueByTimesAlone<typename Types::Eviction> && slot.idle_since == now;
    note_return(slot, now);
    const bool thrown_over = exceptions_in_flight<Backend>() > slot.exceptions;
    if (thrown_over && !Calls::in_step(settings().connector, *slot.connection)) [[unlikely]]
      return give_back_to_books(slot, CloseReason::discarded);
    if (!Calls::reusable(settings().connector, *slot.connection)) return give_back_to_books(slot, CloseReason::dead);
    if constexpr (Calls::resets) slot.dirty = Calls::dirty(settings().connector, *slot.connection);
    if (!known) renew(slot);
    if (now >= slot.good_until) [[unlikely]] {
      if (const auto fault = settings().expired(slot, slot.lives_until, now)) return give_back_to_books(slot, fault);
    }
    if ((Calls::resets && slot.dirty) || !this->put_cached(slot)) give_back_to_books(slot, std::nullopt);
  }

  /// What its user threw says, by the connector, whether it is kept.
  void give_back_after(PoolSlot& slot, std::exception_ptr error) noexcept {
    if (end().stranded()) return end_stranded(slot);
    const Verdict verdict = Calls::handle_exception(settings().connector, *slot.connection, std::move(error));
    verdict == Verdict::keep ? give_back(slot) : discard(slot);
  }

  void discard(PoolSlot& slot) noexcept {
    if (end().stranded()) return end_stranded(slot);
    note_return(slot, Backend::coarse_now());
    auto state = access();
    settle_return(state, slot, CloseReason::discarded);
  }

  [[nodiscard]] Connection detach(PoolSlot& slot) {
    Connection mine = std::move(*slot.connection);
    if (forked()) return mine;
    if (!end().stranded()) note_return(slot, Backend::coarse_now());
    slot.connection.reset();
    slot.reason = CloseReason::detached;
    if (!end().owner_gone()) Events::connection_closed(settings().observer, slot.id, slot.reason);
    Wakeups wakeups;
    auto state = access();
    finish_close(state, slot, wakeups, SlotEvent::detached);
    this->depart_if_forsaken(state);
    return mine;
  }

 private:
  /// A lease ends where its pool is not: in a forked child, whose parent has the connection, or after the pool's end.
  /// Who is in a child after its pool's end leaves the connection alone, because only its connector could abandon it.
  [[gnu::noinline]] void end_stranded(PoolSlot& slot) noexcept {
    if (forked()) {
      if (!settings().owner_gone.get()) Calls::abandon(settings().connector, *slot.connection);
      return;
    }
    auto state = access();
    settle_return(state, slot, CloseReason::closed);
  }

  [[nodiscard]] static Duration waited_since(TimePoint started) noexcept {
    return Events::wants_failed_wait ? Backend::now() - started : Duration::zero();
  }
  /// Its last user may have turned it into a connection to something else.
  [[nodiscard]] bool still_matches(PoolSlot& slot, const Target& target, Waiter* waiter) {
    try {
      return Calls::matches(settings().connector, *slot.connection, target);
    } catch (...) {
      (void)reject(slot, CloseReason::dead, waiter);
      throw;
    }
  }

  /// As the reaper does, it spares those of min_idle that are merely idle for too long.
  [[nodiscard]] std::optional<CloseReason> fault_at_hand_out(const PoolSlot& slot, TimePoint now) const noexcept {
    const auto fault = settings().expired(slot, slot.lives_until, now);
    if (fault != CloseReason::idle || settings().options.min_idle == 0) return fault;
    Slot used = slot;
    used.idle_since = now;
    return settings().expired(used, slot.lives_until, now);
  }
  /// Since the waiter left a ping to a background worker, and nobody has used the connection after that.
  [[nodiscard]] static bool has_answered(const PoolSlot& slot, const Waiter& waiter) noexcept {
    return slot.answered_after == slot.uses && slot.validated_at >= waiter.asked_for_ping;
  }
  [[gnu::noinline]] void renew(PoolSlot& slot) const noexcept {
    slot.good_until = settings().good_until(slot, slot.lives_until);
  }
  void note_return(PoolSlot& slot, TimePoint now) noexcept {
    ++slot.uses;
    slot.idle_since = slot.validated_at = now;
    if constexpr (Events::wants_held) {  // a coarse clock may go back a little
      Events::released(settings().observer, slot.id, std::max(Duration::zero(), now - slot.lease.since()));
    }
  }

  /// The acquirer does not want it. Always false, for the caller to return.
  [[nodiscard]] bool reject(PoolSlot& slot, CloseReason fault, Waiter* waiter = nullptr) noexcept {
    {
      Wakeups wakeups;
      auto state = access();
      requeue_waiter(state, slot, waiter);
      return_slot(state, slot, fault, wakeups);
    }
    run_closes_inline();
    return false;
  }
  /// Nobody may come in between: a waiter is back where it stood before the next connection can be given away (law 8).
  void requeue_waiter(Access& state, PoolSlot& slot, Waiter* waiter) noexcept {
    --state->inventory.counters.acquired;
    if (waiter == nullptr) return;
    state->hand_over.retain(*waiter);
    state->hand_over.enqueue(*slot.endpoint, *waiter, Backend::now());
  }

  /// A round trip, because it was idle for long. A caller with less time than a ping may take leaves it to a background
  /// worker and waits in line: its giving up must neither cut the ping nor cost a good connection (laws 4 and 9).
  [[nodiscard]] bool revalidate(PoolSlot& slot, Timeout<Backend>& timeout, Waiter* waiter) {
    const TimePoint started = Backend::now();
    const TimePoint deadline = after(started, settings().options.validation_timeout);
    if (timeout.deadline() < (Backend::concurrent ? deadline : started)) return leave_to_worker(slot, waiter);
    bool answered = false;
    try {
      answered = Calls::ping(settings().connector, *slot.connection, std::min(deadline, timeout.deadline()));
    } catch (...) {
      (void)reject(slot, CloseReason::dead, waiter);
      throw;
    }
    if (answered) return true;
    {
      auto state = access();
      this->invalidate_idle_before(state, *slot.endpoint, started);
    }
    return reject(slot, CloseReason::dead, waiter);
  }
  [[nodiscard]] bool leave_to_worker(PoolSlot& slot, Waiter* waiter) noexcept {
    Wakeups wakeups;
    auto state = access();
    requeue_waiter(state, slot, waiter);
    if (waiter != nullptr) waiter->asked_for_ping = Backend::coarse_now();
    if (state->gate.finished())
      return return_slot(state, slot, std::nullopt, wakeups), false;  // no background worker may be left
    state->inventory.queue_refresh(slot);
    wake_background_work(state, wakeups);
    return false;
  }

  /// A lease is out from now on: the reaper is to look whether it comes back in time.
  void expect_back(TimePoint now) noexcept {
    const auto& threshold = settings().options.leak_detection_threshold;
    if (!threshold) return;
    Wakeups wakeups;
    wakeups.add(access()->idle_workers.expect(after(now, *threshold)));
  }

  void top_up() noexcept {
    Wakeups wakeups;
    auto state = access();
    wake_background_work(state, wakeups);
  }
};

}  // namespace carpool::inline v0_1::detail

/// Where a lease ends: in the worker's own cache entry, without the pool's lock, or else in the pool's state.
#pragma once

#include <carpool/detail/exceptions_in_flight.hpp>
#include <carpool/detail/lifecycle.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class Types>
class LeaseReturn {
 public:
  using Access = typename detail::Lifecycle<Types>::Access;
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Connection = typename Types::Connection;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;

  // --- for a Lease -------------------------------------------------------------------------------------

  static void give_back(PoolSlot& slot) noexcept { give_back(pool_of(slot), slot); }
  static void give_back_after(PoolSlot& slot, std::exception_ptr error) noexcept {
    give_back_after(pool_of(slot), slot, std::move(error));
  }
  static void discard(PoolSlot& slot) noexcept { discard(pool_of(slot), slot); }
  [[nodiscard]] static Connection detach(PoolSlot& slot) { return detach(pool_of(slot), slot); }

  // --- with the pool at hand ---------------------------------------------------------------------------

  /// Never throws, allocates, waits or does I/O (law 11).
  static void give_back(Lifecycle& pool, PoolSlot& slot) noexcept {
    if (pool.end().stranded()) [[unlikely]]
      return end_stranded(pool, slot);
    const TimePoint now = Backend::coarse_now();
    const bool known = DueByTimesAlone<typename Types::Eviction> && slot.idle_since == now;
    note_return(pool, slot, now);
    const bool thrown_over = exceptions_in_flight<Backend>() > slot.exceptions;
    if (thrown_over && !Calls::in_step(pool.settings().connector, *slot.connection)) [[unlikely]]
      return give_back_locked(pool, slot, CloseReason::discarded);
    if (!Calls::reusable(pool.settings().connector, *slot.connection))
      return give_back_locked(pool, slot, CloseReason::dead);
    if constexpr (Calls::resets) slot.dirty = Calls::dirty(pool.settings().connector, *slot.connection);
    if (!known) renew(pool, slot);
    if (now >= slot.good_until) [[unlikely]] {
      if (const auto fault = pool.settings().expired(slot, slot.lives_until, now))
        return give_back_locked(pool, slot, fault);
    }
    if ((Calls::resets && slot.dirty) || !put_cached(pool, slot)) give_back_locked(pool, slot, std::nullopt);
  }

  /// What its user threw says, by the connector, whether it is kept.
  static void give_back_after(Lifecycle& pool, PoolSlot& slot, std::exception_ptr error) noexcept {
    if (pool.end().stranded()) return end_stranded(pool, slot);
    const Verdict verdict = Calls::handle_exception(pool.settings().connector, *slot.connection, std::move(error));
    verdict == Verdict::keep ? give_back(pool, slot) : discard(pool, slot);
  }

  static void discard(Lifecycle& pool, PoolSlot& slot) noexcept {
    if (pool.end().stranded()) return end_stranded(pool, slot);
    note_return(pool, slot, Backend::coarse_now());
    auto state = pool.access();
    settle_return(pool, state, slot, CloseReason::discarded);
  }

  [[nodiscard]] static Connection detach(Lifecycle& pool, PoolSlot& slot) {
    Connection mine = std::move(*slot.connection);
    if (pool.forked()) return mine;
    if (!pool.end().stranded()) note_return(pool, slot, Backend::coarse_now());
    slot.connection.reset();
    slot.reason = CloseReason::detached;
    if (!pool.end().owner_gone()) Events::connection_closed(pool.settings(), slot, slot.reason);
    Wakeups wakeups;
    auto state = pool.access();
    pool.finish_close(state, slot, wakeups, SlotEvent::detached);
    pool.delete_if_unreferenced(state);
    return mine;
  }

  /// False: the connection is still the caller's. True: perhaps the end of the pool's core.
  [[nodiscard, gnu::always_inline]] static bool put_cached([[maybe_unused]] Lifecycle& pool,
                                                           [[maybe_unused]] PoolSlot& slot) noexcept {
    if constexpr (Types::worker_caching == WorkerCaching::none) {
      return false;
    } else {
      if (slot.epoch == 0) return false;
      auto& entry = pool.worker_cache().under(slot.epoch);
      if (!entry.belongs_to(Types::this_worker())) return false;
      const auto attempt = entry.put(slot);
      return attempt.slot != nullptr && (attempt.certain || !settle(pool, entry, attempt));
    }
  }

  /// Out of line, as is all that a lease seldom needs: so the rest does with few registers.
  [[gnu::noinline]] static bool settle(Lifecycle& pool, WorkerCacheEntry<Types>& entry,
                                       const typename WorkerCacheEntry<Types>::CacheAttempt& attempt) noexcept {
    return pool.access_without_flush()->cache_switch.settle(entry, attempt);
  }

  [[gnu::noinline]] static void return_cached(Lifecycle& pool, PoolSlot& slot) noexcept {
    auto state = pool.access();
    settle_return(pool, state, slot, std::nullopt);
  }

  [[gnu::noinline]] static void give_back_locked(Lifecycle& pool, PoolSlot& slot,
                                                 std::optional<CloseReason> fault) noexcept {
    auto state = pool.access_without_flush();
    if (!fault && !slot.dirty && state->try_return_fast(slot)) [[likely]]
      return;
    state->flush_worker_cache();
    settle_return(pool, state, slot, fault);
  }
  static void settle_return(Lifecycle& pool, Access& state, PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    if (state->references.owner_gone()) return close_after_owner(pool, state, slot, fault);
    Wakeups wakeups;
    pool.return_slot(*state, slot, fault, wakeups);
    state.unlock();
    pool.run_closes_inline();
  }

 private:
  using Events = detail::Events<typename Types::Observer>;
  using Wakeups = detail::Wakeups<Backend>;

  [[nodiscard]] static Lifecycle& pool_of(PoolSlot& slot) noexcept { return static_cast<Lifecycle&>(*slot.owner); }

  /// A lease ends where its pool is not: in a forked child, whose parent has the connection, or after the pool's end.
  /// Who is in a child after its pool's end leaves the connection alone, because only its connector could abandon it.
  [[gnu::noinline]] static void end_stranded(Lifecycle& pool, PoolSlot& slot) noexcept {
    if (pool.forked()) {
      if (!pool.settings().owner_gone.get()) Calls::abandon(pool.settings().connector, *slot.connection);
      return;
    }
    auto state = pool.access();
    settle_return(pool, state, slot, CloseReason::closed);
  }

  [[gnu::noinline]] static void renew(const Lifecycle& pool, PoolSlot& slot) noexcept {
    slot.good_until = pool.settings().good_until(slot, slot.lives_until);
  }
  static void note_return([[maybe_unused]] const Lifecycle& pool, PoolSlot& slot, TimePoint now) noexcept {
    ++slot.uses;
    slot.idle_since = slot.validated_at = now;
    if constexpr (Events::wants_held) {  // a coarse clock may go back a little
      Events::released(pool.settings(), slot, std::max(Duration::zero(), now - slot.lease.since()));
    }
  }

  /// A lease that outlived its pool: no background worker is left, and nothing of the user's may be called.
  static void close_after_owner(Lifecycle& pool, Access& state, PoolSlot& slot,
                                std::optional<CloseReason> fault) noexcept {
    slot.reason = fault.value_or(CloseReason::closed);
    state.unlock();
    pool.destroy_connection(slot);
    state.lock();
    Wakeups wakeups;
    pool.finish_close(state, slot, wakeups);
    pool.delete_if_unreferenced(state);
  }
};

}  // namespace carpool::inline v0_1::detail

/// The look that decides whether a connection is good enough to be handed out.
#pragma once

#include <carpool/detail/exceptions_in_flight.hpp>
#include <carpool/detail/lifecycle.hpp>
#include <carpool/detail/timeout.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace carpool::inline v0_1::detail {

/// What became of a connection that a caller looked at.
enum class Admitted : std::uint8_t {
  yes,
  no,      ///< it has been taken care of; a waiter stands in the queue again
  paused,  ///< the same, and nothing is known of it: the server makes it wait
  later,   ///< of a waiter that nobody sleeps for, which may be gone: it is resumed when the ping has ended
};

/// By the caller that has taken a connection, and outside the lock but where it says otherwise.
template <class Types>
class Admission {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Waiter = detail::Waiter<Types>;

  /// The last look before a connection is handed out, by the caller and outside the lock. Where there is no waiter, a
  /// connection that must be pinged first is left to a background worker, or put back as it is.
  [[nodiscard]] static Admitted admit(Lifecycle& pool, PoolSlot& slot, const Target& target, Timeout<Backend>& timeout,
                                      Waiter* waiter = nullptr, bool put_stale_back = false) {
    const TimePoint now = slot.lease.since();
    if (waiter != nullptr && pool.end().owner_gone()) [[unlikely]]
      return reject(pool, slot, CloseReason::closed, waiter);
    if (slot.is_dead || !Calls::is_connected(pool.settings().connector, *slot.connection))
      return reject(pool, slot, CloseReason::dead, waiter);
    if (now >= slot.good_until) [[unlikely]] {
      if (const auto fault = fault_at_hand_out(pool, slot, now)) return reject(pool, slot, *fault, waiter);
    }
    if constexpr (has_target<typename Types::Connector>) {
      if (!still_matches(pool, slot, target, waiter)) return reject(pool, slot, CloseReason::discarded, waiter);
    }
    if constexpr (Calls::pings || Calls::vets) {
      const bool stale = pool.is_stale(slot, now);
      const bool answered = waiter != nullptr && has_answered(slot, *waiter);
      if ((stale || wants_vetting(slot)) && !answered) {
        const Admitted admitted = put_stale_back ? put_back(pool, slot) : revalidate(pool, slot, timeout, waiter);
        if (admitted != Admitted::yes) return admitted;
      }
    }
    slot.exceptions = static_cast<std::uint8_t>(exceptions_in_flight<Backend>());
    return Admitted::yes;
  }

  /// Whether admit() says yes without a ping, as it does to most. False: ask it.
  [[nodiscard, gnu::always_inline]] static bool admit_at_once(Lifecycle& pool, PoolSlot& slot) noexcept
    requires(!has_target<typename Types::Connector>)
  {
    const TimePoint now = slot.lease.since();
    if (slot.is_dead || !Calls::is_connected(pool.settings().connector, *slot.connection)) return false;
    if (now >= slot.good_until) [[unlikely]]
      return false;
    if constexpr (Calls::pings || Calls::vets) {
      if (pool.is_stale(slot, now) || wants_vetting(slot)) return false;
    }
    slot.exceptions = static_cast<std::uint8_t>(exceptions_in_flight<Backend>());
    return true;
  }

 private:
  using Access = typename Lifecycle::Access;
  using Wakeups = detail::Wakeups<Backend>;

  /// Its last user may have turned it into a connection to something else.
  [[nodiscard]] static bool still_matches(Lifecycle& pool, PoolSlot& slot, const Target& target, Waiter* waiter) {
    try {
      return Calls::matches(pool.settings().connector, *slot.connection, target);
    } catch (...) {
      (void)reject(pool, slot, CloseReason::dead, waiter);
      throw;
    }
  }

  /// As the reaper does, it spares those of min_idle that are merely idle for too long.
  [[nodiscard]] static std::optional<CloseReason> fault_at_hand_out(const Lifecycle& pool, const PoolSlot& slot,
                                                                    TimePoint now) noexcept {
    const auto fault = pool.settings().expired(slot, slot.lives_until, now);
    if (fault != CloseReason::idle || pool.settings().options.min_idle == 0) return fault;
    Slot used = slot;
    used.idle_since = now;
    return pool.settings().expired(used, slot.lives_until, now);
  }
  /// Before each lease; what a background worker has been told since the last one counts.
  [[nodiscard]] static bool wants_vetting([[maybe_unused]] const PoolSlot& slot) noexcept {
    return Calls::vets && !slot.answered_since_its_last_use();
  }
  /// Since the waiter left a ping to a background worker, and nobody has used the connection after that.
  [[nodiscard]] static bool has_answered(const PoolSlot& slot, const Waiter& waiter) noexcept {
    return slot.answered_since_its_last_use() && slot.validated_at >= waiter.asked_for_ping;
  }
  /// The acquirer does not want it. Always `no`, for the caller to return.
  [[nodiscard]] static Admitted reject(Lifecycle& pool, PoolSlot& slot, CloseReason fault,
                                       Waiter* waiter = nullptr) noexcept {
    {
      Wakeups wakeups;
      auto state = pool.access();
      requeue_waiter(*state, slot, waiter);
      pool.return_slot(*state, slot, fault, wakeups);
    }
    pool.run_closes_inline();
    return Admitted::no;
  }
  /// It is good enough to be idle.
  [[nodiscard]] static Admitted put_back(Lifecycle& pool, PoolSlot& slot, Waiter* waiter = nullptr) noexcept {
    Wakeups wakeups;
    auto state = pool.access();
    requeue_waiter(*state, slot, waiter);
    pool.return_slot(*state, slot, std::nullopt, wakeups);
    return Admitted::no;
  }
  /// Nobody may come in between: a waiter is back where it stood before the next connection can be given away (law 8).
  static void requeue_waiter(PoolState<Types>& state, PoolSlot& slot, Waiter* waiter) noexcept {
    --state.inventory.counters.acquired;
    if (waiter == nullptr) return;
    state.hand_over.retain(*waiter);
    waiter->stage.store(WaiterStage::looks, std::memory_order_relaxed);  // it is in line, and awake
    state.hand_over.enqueue(*slot.endpoint, *waiter, Backend::now());
  }

  /// A round trip, because it was idle for long, or because its connector wants to be asked. A caller with less time
  /// than a ping may take leaves it to a background worker and waits in line: its giving up must neither cut the ping
  /// nor cost a good connection (laws 4 and 9).
  [[nodiscard]] static Admitted revalidate(Lifecycle& pool, PoolSlot& slot, Timeout<Backend>& timeout, Waiter* waiter) {
    const TimePoint started = Backend::now();
    timeout.begin(started);
    const TimePoint deadline = after(started, pool.settings().options.validation_timeout);
    if (waiter != nullptr && !waiter->sleeps()) return await_ping(pool, slot, *waiter);
    if (timeout.deadline() < (Backend::concurrent ? deadline : started)) return leave_to_worker(pool, slot, waiter);
    Look look = Look::dead;
    try {
      look = Calls::look(pool.settings().connector, *slot.connection, std::min(deadline, timeout.deadline()),
                         pool.is_stale(slot, slot.lease.since()));
    } catch (...) {
      (void)reject(pool, slot, CloseReason::dead, waiter);
      throw;
    }
    switch (look) {
      case Look::good: return Admitted::yes;
      case Look::paused: static_cast<void>(put_back(pool, slot, waiter)); return Admitted::paused;
      case Look::vetoed: return reject(pool, slot, CloseReason::discarded, waiter);
      case Look::dead: break;
    }
    {
      auto state = pool.access();
      pool.invalidate_idle_before(*state, *slot.endpoint, started);
    }
    return reject(pool, slot, CloseReason::dead, waiter);
  }
  /// Of a waiter that nobody sleeps for: the ping is a background worker's, and the connection the waiter's.
  [[nodiscard]] static Admitted await_ping(Lifecycle& pool, PoolSlot& slot, Waiter& waiter) noexcept {
    Wakeups wakeups;
    auto state = pool.access();
    const bool leaves = waiter.called_off || waiter.timed_out;
    if (leaves || state->gate.finished()) requeue_waiter(*state, slot, &waiter);
    if (state->gate.finished()) return pool.return_slot(*state, slot, std::nullopt, wakeups), Admitted::no;
    if (!leaves) state->hand_over.await_ping(slot, waiter);
    state->inventory.queue_refresh(slot);
    pool.wake_background_work(*state, wakeups);
    if (leaves) return Admitted::no;
    wakeups.add(state->idle_workers.expect_deadline(state->hand_over.first_deadline()));
    return Admitted::later;
  }
  [[nodiscard]] static Admitted leave_to_worker(Lifecycle& pool, PoolSlot& slot, Waiter* waiter) noexcept {
    Wakeups wakeups;
    auto state = pool.access();
    requeue_waiter(*state, slot, waiter);
    if (waiter != nullptr) waiter->asked_for_ping = Backend::coarse_now();
    if (state->gate.finished())
      return pool.return_slot(*state, slot, std::nullopt, wakeups), Admitted::no;  // no worker may be left
    state->inventory.queue_refresh(slot);
    pool.wake_background_work(*state, wakeups);
    return Admitted::no;
  }
};

}  // namespace carpool::inline v0_1::detail

/// All that a pool's lock guards, as a struct of its parts. Pure bookkeeping.
#pragma once

#include <carpool/detail/cache/cache_switch.hpp>
#include <carpool/detail/state/connect_demand.hpp>
#include <carpool/detail/state/end_watches.hpp>
#include <carpool/detail/state/hand_over.hpp>
#include <carpool/detail/state/idle_workers.hpp>
#include <carpool/detail/state/inventory.hpp>
#include <carpool/detail/state/limits.hpp>
#include <carpool/detail/state/pool_gate.hpp>
#include <carpool/detail/state/references.hpp>
#include <carpool/detail/state/watchers.hpp>
#include <carpool/pool_stats.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Reachable only through Guarded::Access, so that each call is made under the lock. Nothing in here waits, does I/O,
/// calls a connector, an eviction or an observer, or destroys a connection. The members are what takes several parts.
template <class Types>
struct PoolState {
  using Backend = typename Types::Backend;
  using Endpoint = detail::Endpoint<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Wakeups = detail::Wakeups<Backend>;

  PoolState(const PoolOptions& options, WorkerCache<Types>& cache, bool may_cache, SlotOwner& owner,
            std::shared_ptr<const void> alive = {})
      : limits(options.max_size, options.max_idle),
        cache_switch(cache, may_cache),
        inventory(options, owner),
        demand(options, gate, limits, inventory),
        hand_over(options, gate, inventory, references, std::move(alive)),
        end_watches(inventory.slots) {}
  PoolState(const PoolState&) = delete;
  PoolState& operator=(const PoolState&) = delete;

  PoolGate gate;
  Limits limits;
  CacheSwitch<Types> cache_switch;
  Inventory<Types> inventory;
  ConnectDemand<Types> demand;
  References references;
  HandOver<Types> hand_over;
  IdleWorkers<Types> idle_workers;
  Watchers<Types> watchers;
  EndWatches<Types> end_watches;

  /// From here on the state is exact: the cache is closed, and what was cached is idle.
  void flush_worker_cache() noexcept { cache_switch.flush(inventory); }

  // --- the fast path -----------------------------------------------------------------------------------

  /// The next idle connection for target, if nothing out of the ordinary is going on.
  [[nodiscard]] PoolSlot* try_take_fast(const Target& target, const SourceLocation& site, TimePoint now) {
    if (!gate.is_uncontended()) return nullptr;
    Endpoint* endpoint = inventory.endpoints.find(target);
    if (endpoint == nullptr) return nullptr;
    const WorkerId worker = Types::this_worker();
    cache_switch.keep_order_for(worker, inventory);
    if (endpoint->idle.size() == 0 && cache_switch.cache().epoch() != 0) flush_worker_cache();
    PoolSlot* const slot = inventory.take_idle(*endpoint, site, worker, now);
    if (slot != nullptr) slot->epoch = cache_switch.cache().epoch_for(worker);
    return slot;
  }

  /// Puts a good connection back to the idle ones, if nothing out of the ordinary is going on.
  [[nodiscard]] bool try_return_fast(PoolSlot& slot) noexcept {
    if (!gate.is_uncontended() || !inventory.is_current(slot) || !has_room_for_idle(*slot.endpoint)) return false;
    const WorkerId worker = Types::this_worker();
    cache_switch.keep_order_for(worker, inventory);
    inventory.put_idle(slot);
    if (limits.keeps_all_idle())
      cache_switch.note_uncontended_return(worker);  // so there is room for whatever rests in an entry
    return true;
  }

  // --- who may have what -------------------------------------------------------------------------------

  [[nodiscard]] bool full() const noexcept { return limits.full(inventory.slots.lasting()); }
  [[nodiscard]] bool over_size() const noexcept { return limits.over_size(inventory.slots.lasting()); }
  [[nodiscard]] bool has_room_for_idle(const Endpoint& endpoint) const noexcept {
    if (!endpoint.waiters.empty()) return true;  // it will not stay idle
    return limits.has_room_for_idle(inventory.slots.count(SlotState::idle)) && !over_size();
  }
  /// Why a connection that comes back, or has just been made, cannot stay: what the pool as a whole knows.
  [[nodiscard]] std::optional<CloseReason> close_reason_on_return(const PoolSlot& slot) const noexcept {
    if (gate.closed()) return CloseReason::closed;
    if (gate.draining()) return CloseReason::drained;
    if (!inventory.is_current(slot)) return CloseReason::retired;
    if (over_size() || !has_room_for_idle(*slot.endpoint)) return CloseReason::surplus;
    return std::nullopt;
  }

  /// A pending job may start, or a connect.
  [[nodiscard]] bool has_work() noexcept { return inventory.pending.ready() || demand.next_to_connect() != nullptr; }
  /// When the first of those gives up for whom nobody sleeps.
  [[nodiscard]] TimePoint first_deadline() const noexcept {
    return std::min(hand_over.first_deadline(), end_watches.first_deadline());
  }
  void expire(TimePoint now, Wakeups& wakeups) noexcept {
    hand_over.expire(now, wakeups);
    end_watches.expire(now, wakeups);
  }
  /// No background worker can be spawned: the first waiters wake and run the jobs that they wait for.
  void call_for_help(Wakeups& wakeups) noexcept {
    inventory.endpoints.for_each([&](Endpoint& endpoint) {
      if (!endpoint.waiters.empty()) hand_over.notify(*endpoint.waiters.front(), wakeups);
    });
    watchers.rouse(wakeups);
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

  /// The second step: PoolGate::begin_resuming() was the first.
  void resume() noexcept {
    gate.end_resuming();
    demand.allow_probes();
  }
  void retire_all() noexcept {
    inventory.new_generation();
    demand.allow_probes();
  }
  void retire_all(TimePoint now, Duration over) noexcept {
    inventory.new_generation(now, over);
    demand.allow_probes();
  }

  /// The counters, and how many slots are in which state; a cached connection is idle.
  [[nodiscard]] PoolStats snapshot() const noexcept {
    const SlotTable<Types>& slots = inventory.slots;
    const std::size_t cached = cache_switch.cache().cached();
    PoolStats all = inventory.counters;
    all.cache_hits = cache_switch.cache().served();
    all.acquired += all.cache_hits;
    all.connecting = slots.count(SlotState::connecting);
    all.idle = slots.count(SlotState::idle) + cached;
    all.in_use = slots.in_use() - cached;
    all.closing = slots.count(SlotState::closing);
    all.max_size = limits.max_size();
    all.waiting = gate.waiting();
    all.suspended = gate.suspended();
    all.closed = gate.finished();
    return all;
  }

  /// The ConnectionPool is gone, and so is all else that needs the core.
  [[nodiscard]] bool unreferenced() const noexcept { return references.none(inventory.slots.occupied()); }
};

}  // namespace carpool::inline v0_1::detail

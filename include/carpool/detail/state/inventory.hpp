/// Where every slot is: the moves between states, with what each move entails.
#pragma once

#include <carpool/detail/state/connect_planner.hpp>
#include <carpool/detail/state/endpoints.hpp>
#include <carpool/detail/state/idle_ages.hpp>
#include <carpool/detail/state/pending_jobs.hpp>
#include <carpool/detail/state/slot_table.hpp>
#include <carpool/pool_stats.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::inline v0_1::detail {

/// All under the pool's lock. A slot that moves leaves the list of the state it was in and joins that of the next.
template <class Types>
class Inventory {
 public:
  using Backend = typename Types::Backend;
  using PoolSlot = detail::PoolSlot<Types>;
  using Endpoint = detail::Endpoint<Types>;

  Inventory(const PoolOptions& options, SlotOwner& owner) : slots(owner), planner(options) {}
  Inventory(const Inventory&) = delete;
  Inventory& operator=(const Inventory&) = delete;

  void put_idle(PoolSlot& slot) noexcept {
    slots.advance(slot, SlotEvent::kept);
    slot.endpoint->idle.push(slot);
    idle_ages.insert(slot);
  }
  /// The caller sees to it that a worker will look at the pending jobs.
  void put_closing(PoolSlot& slot, CloseReason reason) noexcept {
    if (slot.state == SlotState::idle) leave_idle(slot);
    slot.reason = reason == CloseReason::expired && slot.retiring ? CloseReason::retired : reason;
    slots.advance(slot, SlotEvent::close_due);
    pending.push_closing(slot);
    planner.update(*slot.endpoint);
  }
  /// The pool ends: what was to be pinged or reset is closed as it is.
  void close_refreshing(CloseReason reason) noexcept {
    endpoints.for_each(
        [&](Endpoint& endpoint) { close_refreshing(endpoint, reason, [](const PoolSlot&) { return true; }); });
  }
  /// Those of one endpoint (that pick chooses) whose refresh has not begun.
  template <class Pick>
  void close_refreshing(Endpoint& endpoint, CloseReason reason, Pick&& pick) noexcept {
    SlotFifo<Types> kept;
    while (PoolSlot* slot = pending.pop_refreshing(endpoint)) {
      if (slot->asker == nullptr && pick(*slot)) {  // what a waiter waits for, its job ends
        put_closing(*slot, reason);
      } else {
        kept.push(*slot);
      }
    }
    while (PoolSlot* slot = kept.pop()) pending.push_refreshing(*slot);
  }
  [[nodiscard]] PoolSlot* take_idle(Endpoint& endpoint, const SourceLocation& site, WorkerId worker,
                                    TimePoint now) noexcept {
    Slot* const next = pop(endpoint.idle, worker);
    if (next == nullptr) return nullptr;
    next->last_worker = worker;
    auto& slot = static_cast<PoolSlot&>(*next);
    idle_ages.remove(slot);
    slots.advance(slot, SlotEvent::taken);
    slot.lease.begin(site, now);
    slot.leak_reported = false;
    ++counters.acquired;
    return &slot;
  }
  /// An idle one that the reaper picked out.
  void refresh_idle(PoolSlot& slot) noexcept {
    leave_idle(slot);
    queue_refresh(slot);
    planner.update(*slot.endpoint);
  }
  /// Its lease has ended, or its acquirer has no time to validate it; or it is idle, and in no Queue any more.
  void queue_refresh(PoolSlot& slot) noexcept {
    slots.advance(slot, SlotEvent::refresh_due);
    pending.push_refreshing(slot);
  }
  /// Pinged for a waiter, to which it goes without having been idle.
  void take_refreshed(PoolSlot& slot, const SourceLocation& site, WorkerId worker) noexcept {
    slot.last_worker = worker;
    slots.advance(slot, SlotEvent::taken);
    slot.lease.begin(site, slot.validated_at);
    slot.leak_reported = false;
  }
  [[nodiscard]] PoolSlot& reserve(Endpoint& endpoint) {
    PoolSlot& slot = slots.reserve();
    slot.endpoint = &endpoint;
    slot.generation = generation_;
    slot.is_dead = false;
    slot.retiring = false;
    slot.retire_at = TimePoint::min();
    slot.round = endpoint.breaker.round();
    slot.probe = !endpoint.breaker.healthy();
    slot.id = ++last_id_;
    slot.uses = 0;
    slot.answered_after = PoolSlot::no_use;
    slot.lease.begin(SourceLocation(), Backend::coarse_now());  // nobody's: tells how long it has been connecting
    slot.dirty = false;
    probes += slot.probe ? 1 : 0;
    ++counters.connects;
    ++endpoint.slots;
    ++endpoint.connecting;
    planner.started(endpoint);
    return slot;
  }
  void count_failure() noexcept {
    ++counters.connect_failures;
    count_closed(CloseReason::connect_failed);
  }
  void count_closed(CloseReason reason) noexcept { ++counters.closed_by_reason[static_cast<std::size_t>(reason)]; }
  /// By one of the events that lead there.
  void put_empty(PoolSlot& slot, SlotEvent event) noexcept {
    Endpoint& endpoint = *slot.endpoint;
    if (slot.state == SlotState::connecting) end_connect(slot);
    slots.advance(slot, event);
    slot.endpoint = nullptr;
    --endpoint.slots;
    planner.update(endpoint);
    drop_if_unused(endpoint);
  }
  /// The connect has succeeded. Before the lock ends, the caller says whether the connection is kept.
  void connected(PoolSlot& slot) noexcept {
    end_connect(slot);
    planner.update(*slot.endpoint);
  }

  /// Moves every idle connection (that pick chooses) to the closing list; returns how many.
  template <class Pick>
  std::size_t close_idle(CloseReason reason, Pick&& pick) noexcept {
    std::size_t count = 0;
    for (PoolSlot& slot : slots) {
      if (slot.state != SlotState::idle || !pick(slot)) continue;
      put_closing(slot, reason);
      ++count;
    }
    return count;
  }
  /// Connects in flight are nobody's supply from now on. What is there is not to be used any more.
  void new_generation() noexcept {
    for (PoolSlot& slot : slots) slot.retire_at = TimePoint::min();
    begin_generation();
  }
  /// The same, but what is there may be used until a time of its own: the n connections in steps of over / n, the first
  /// of them now. What is out, or being opened, learns of its time when it comes back: see adopt().
  void new_generation(TimePoint now, Duration over) noexcept {
    const std::size_t all = slots.occupied() - slots.count(SlotState::closing);
    const Duration step = over / static_cast<Duration::rep>(std::max<std::size_t>(all, 1));
    Duration::rep nth = 0;
    for (PoolSlot& slot : slots) {
      if (slot.state == SlotState::empty || slot.state == SlotState::closing) continue;
      const TimePoint its_own = after(now, step * nth++);
      slot.retire_at = is_current(slot) ? its_own : std::min(slot.retire_at, its_own);
    }
    begin_generation();
    for (PoolSlot& slot : slots) {
      if (slot.state == SlotState::idle) adopt(slot);
      if (slot.state == SlotState::refreshing && slot.retire_at >= now) adopt(slot);
    }
  }
  /// Whether an older generation's may be used for a while after it has come back at `now`.
  [[nodiscard]] bool may_adopt(const PoolSlot& slot, TimePoint now) const noexcept {
    return !is_current(slot) && slot.retire_at > now;
  }
  /// By its owner, or while it is idle or refreshing: from here on its own limit says how long it may be used, as every
  /// hand-out asks anyway.
  void adopt(PoolSlot& slot) noexcept {
    slot.lives_until = std::min(slot.lives_until, slot.retire_at);
    slot.good_until = std::min(slot.good_until, slot.retire_at);
    slot.retiring = true;
    slot.generation = generation_;
  }
  [[nodiscard]] bool is_current(const PoolSlot& slot) const noexcept { return slot.generation == generation_; }

  void drop_if_unused(Endpoint& endpoint) noexcept {
    if (!endpoint.unused()) return;
    planner.remove(endpoint);
    endpoints.drop(endpoint);
  }

  PoolStats counters;  // only its counters are kept here; PoolState::snapshot() fills in the rest

  SlotTable<Types> slots;
  Endpoints<Types> endpoints;
  PendingJobs<Types> pending;
  ConnectPlanner<Types> planner;
  IdleAges<Types> idle_ages;
  std::size_t probes = 0;  // connects in flight to endpoints in trouble

 private:
  [[nodiscard]] static Slot* pop(typename Types::Queue& queue, [[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::affine) {
      return queue.pop(worker);
    } else {
      return queue.pop();
    }
  }

  void begin_generation() noexcept {
    ++generation_;
    endpoints.for_each([this](Endpoint& endpoint) {
      endpoint.outdated += std::exchange(endpoint.connecting, 0);
      planner.update(endpoint);
    });
  }
  void leave_idle(PoolSlot& slot) noexcept {
    slot.endpoint->idle.remove(slot);
    idle_ages.remove(slot);
  }
  void end_connect(PoolSlot& slot) noexcept {
    probes -= slot.probe ? 1 : 0;
    --(is_current(slot) ? slot.endpoint->connecting : slot.endpoint->outdated);
  }

  std::uint64_t last_id_ = 0;
  std::uint32_t generation_ = 0;  // may begin anew: no connection lives through so many
};

}  // namespace carpool::inline v0_1::detail

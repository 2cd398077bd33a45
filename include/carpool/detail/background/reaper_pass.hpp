/// One pass of the reaper: what is expired, what is due for a ping, which lease is suspiciously old, and when to look
/// again.
#pragma once

#include <carpool/detail/events.hpp>
#include <carpool/detail/leak_report.hpp>
#include <carpool/detail/lifecycle.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Copies the facts under the lock, asks the eviction without it, and then closes what is still as it was seen: so no
/// user code runs under the lock and the idle set never looks empty (laws 6 and 12).
template <class Types>
class ReaperPass {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Events = detail::Events<typename Types::Observer>;

  struct Outcome {
    std::size_t evicted = 0;
    TimePoint next_due = never;
  };

  /// Throws std::bad_alloc, with nothing changed.
  Outcome run(Lifecycle& pool) {
    const TimePoint now = Backend::now();
    observe(pool, now);
    Outcome outcome;
    outcome.next_due = judge(pool, now);
    outcome.evicted = carry_out(pool, now);
    outcome.next_due = std::min(outcome.next_due, escaped_due_);
    return outcome;
  }

 private:
  struct Seen {
    PoolSlot* slot;
    Slot facts;
    SlotState state;
    TimePoint refresh_due;
    TimePoint lives_until;
    std::optional<CloseReason> fault;
    bool only_idle = false;         // used now, it would have no fault
    TimePoint due_if_used = never;  // when somebody took it before it could be closed or pinged, and gave it back
  };
  struct Leak {
    std::uint64_t id;
    std::string server;
    SourceLocation site;
    Duration age;
  };

  void observe(Lifecycle& pool, TimePoint now) {
    seen_.clear();
    leaks_.clear();
    forgotten_.clear();
    auto state = pool.access();
    next_due_ = never;
    look_at_endpoints(*state, now);
    for (PoolSlot& slot : state->inventory.slots) {
      if (slot.state == SlotState::idle && !is_quiet(slot, pool, now)) seen_.push_back(idle_facts(slot, pool));
      if (is_in_use(slot.state)) seen_.push_back(in_use_facts(slot, now));
      if (slot.state == SlotState::leased) note_leak(slot, pool, now);
    }
    state->idle_workers.reaper_due = never;  // from here on, what becomes due is told by IdleWorkers::expect
  }

  void look_at_endpoints(PoolState<Types>& state, TimePoint now) {
    const auto finish_close = [this](FailurePointer&& failure) { forgotten_.push_back(std::move(failure)); };
    next_due_ = std::min(next_due_, state.demand.forget_dead(now, finish_close));
    (void)state.demand.next_to_connect();  // ends the pauses that are over
    if (state.gate.serving()) next_due_ = std::min(next_due_, state.inventory.planner.first_retry());
  }

  /// Nothing is to be done for it now, as a glance at what it knows of itself tells: so most of ten thousand
  /// connections are neither copied nor judged.
  [[nodiscard]] bool is_quiet(const PoolSlot& slot, const Lifecycle& pool, TimePoint now) noexcept {
    const TimePoint due = std::min(slot.good_until, after(slot.validated_at, pool.settings().options.keepalive_time));
    if (now >= due) return false;
    next_due_ = std::min(next_due_, due);
    return true;
  }
  [[nodiscard]] static Seen idle_facts(PoolSlot& slot, const Lifecycle& pool) {
    return {&slot,
            slot,
            slot.state,
            after(slot.validated_at, pool.settings().options.keepalive_time),
            slot.lives_until,
            std::nullopt};
  }
  /// Of a leased connection only what is written under the lock may be read; it can become idle from now on.
  [[nodiscard]] static Seen in_use_facts(PoolSlot& slot, TimePoint now) {
    Slot facts;
    facts.id = slot.id;
    facts.born = slot.born;
    facts.jitter = slot.jitter;
    facts.idle_since = now;
    return {&slot, facts, slot.state, never, never, std::nullopt};
  }

  void note_leak(PoolSlot& slot, const Lifecycle& pool, TimePoint now) {
    const auto& threshold = pool.settings().options.leak_detection_threshold;
    if (!threshold || slot.leak_reported) return;
    const Duration age = now - slot.lease.since();
    if (age < *threshold) return;
    const ConnectionInfo leaked = Events::info_of(pool.settings(), slot);
    leaks_.push_back({leaked.id, std::string(leaked.server), slot.lease.site(), age});
    slot.leak_reported = true;
  }

  /// Without the lock: asks the eviction. Returns when the next pass is due.
  [[nodiscard]] TimePoint judge(Lifecycle& pool, TimePoint now) {
    auto& settings = pool.settings();
    TimePoint next = next_due_;
    for (Seen& seen : seen_) {
      if (seen.state == SlotState::idle) seen.fault = settings.expired(seen.facts, seen.lives_until, now);
      if (seen.fault == CloseReason::idle)
        seen.only_idle = !settings.expired(used_now(seen, now), seen.lives_until, now);
      if (!seen.fault)
        next = std::min(
            {next, settings.next_look(seen.facts, seen.lives_until, now), next_refresh(seen, settings.options, now)});
      if (is_in_use(seen.state)) next = std::min(next, after(now, glance(settings.options)));
      if (wants_action(seen, now)) seen.due_if_used = due_if_used(pool, seen, now);
    }
    for (const Leak& leak : leaks_) tell(settings, leak);
    return std::max(
        next, after(now, std::chrono::milliseconds(1)));  // an eviction that is due, but never expires, costs no core
  }
  static void tell(Settings<Types>& settings, const Leak& leak) noexcept {
    if constexpr (Events::wants_leaks) {
      const ConnectionInfo info{leak.id, settings.options.name, leak.server};
      Events::leak_suspected(settings, info, leak.site, leak.age);
    } else {
      report_leak(settings.options, leak.id, leak.site, leak.age);
    }
  }
  [[nodiscard]] static TimePoint next_refresh(const Seen& seen, const PoolOptions& options, TimePoint now) noexcept {
    return seen.refresh_due > now ? seen.refresh_due : after(now, options.keepalive_time);
  }
  [[nodiscard]] static bool wants_action(const Seen& seen, TimePoint now) noexcept {
    return seen.fault || now >= seen.refresh_due;
  }
  [[nodiscard]] static Slot used_now(const Seen& seen, TimePoint now) noexcept {
    Slot used = seen.facts;
    used.idle_since = now;
    return used;
  }
  [[nodiscard]] static TimePoint due_if_used(const Lifecycle& pool, const Seen& seen, TimePoint now) {
    const TimePoint due = pool.settings().next_look(used_now(seen, now), seen.lives_until, now);
    return std::min(due, after(now, glance(pool.settings().options)));
  }
  /// While connections are out, things change that no due time foretells: one that has just come back, from a caller or
  /// from its ping, wants its next ping in keepalive_time.
  [[nodiscard]] static Duration glance(const PoolOptions& options) noexcept {
    return std::min<Duration>(
        {options.leak_detection_threshold.value_or(forever), options.keepalive_time, std::chrono::seconds(10)});
  }

  [[nodiscard]] std::size_t carry_out(Lifecycle& pool, TimePoint now) noexcept {
    std::size_t evicted = 0;
    Wakeups<Backend> wakeups;
    auto state = pool.access();
    escaped_due_ = never;
    for (const Seen& seen : seen_) {
      if (!unchanged(seen))
        escaped_due_ = std::min(escaped_due_, seen.due_if_used);
      else if (seen.only_idle && seen.slot->endpoint->idle.size() <= pool.settings().options.min_idle)
        escaped_due_ = std::min(escaped_due_, after(now, glance(pool.settings().options)));
      else if (seen.fault)
        state->inventory.put_closing(*seen.slot, *seen.fault), ++evicted;
      else if (now >= seen.refresh_due)
        refresh(*state, *seen.slot);
    }
    pool.wake_background_work(*state, wakeups);
    return evicted;
  }
  /// Some are left to be taken, and wait until the pings of others are done (law 12).
  static void refresh(PoolState<Types>& state, PoolSlot& slot) noexcept {
    if (!Backend::concurrent || PendingJobs<Types>::may_ping(*slot.endpoint)) {
      state.inventory.refresh_idle(slot);
    } else {
      slot.endpoint->pings_held_back = true;
    }
  }
  [[nodiscard]] static bool unchanged(const Seen& seen) noexcept {
    return seen.state == SlotState::idle && seen.slot->state == SlotState::idle && seen.slot->id == seen.facts.id &&
           seen.slot->idle_since == seen.facts.idle_since;
  }

  std::vector<Seen> seen_;  // kept from pass to pass for its memory
  std::vector<Leak> leaks_;
  std::vector<FailurePointer> forgotten_;  // of endpoints that were forgotten: they end outside of the lock
  TimePoint next_due_ = never;             // of what needs no judgement
  TimePoint escaped_due_ = never;          // of those that somebody took between the look and the deed
};

}  // namespace carpool::inline v0_1::detail

/// What a pool has done for it in the background: goodbyes, pings, resets and connects, one slot at a time.
#pragma once

#include <carpool/detail/background/connect_job.hpp>
#include <carpool/detail/state/pool_state.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace carpool::inline v0_1::detail {

enum class JobKind : std::uint8_t {
  none,     ///< nothing to do
  later,    ///< something, but there is no memory for it now
  close,    ///< say goodbye to a closing slot's connection and destroy it
  refresh,  ///< reset or ping a refreshing slot
  connect,  ///< open a reserved slot's connection
};

template <class Types>
struct Job {
  JobKind kind = JobKind::none;
  PoolSlot<Types>* slot = nullptr;
};

/// Picks jobs under the lock and runs them without it. On concurrent backends only the pool's own background workers
/// run them; on a SingleBackend the caller does, and no job lasts beyond the caller's deadline, `limit` (law 4).
template <class Types>
class JobQueue {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Core = PoolCore<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using State = PoolState<Types>;

  /// The slot of the job is the caller's from here on. Throws std::bad_alloc, with nothing changed, where a
  /// connect needs a new slot and there is no memory for it.
  [[nodiscard]] static Job<Types> next(State& state) {
    if (Job<Types> chore = next_chore(state); chore.slot != nullptr) return chore;
    Endpoint<Types>* const endpoint = state.demand.next_to_connect();
    if (endpoint == nullptr) return {};
    if (state.demand.has_free_slot()) return {JobKind::connect, &state.inventory.reserve(*endpoint)};
    state.demand.make_room();
    return next_chore(state);
  }

  static void run(const Job<Types>& job, Core& core, TimePoint limit) {
    switch (job.kind) {
      case JobKind::none:
      case JobKind::later: return;
      case JobKind::close: return close(*job.slot, core, limit);
      case JobKind::refresh: return refresh(*job.slot, core, limit);
      case JobKind::connect: return ConnectJob<Types>(*job.slot, core, limit).run();
    }
  }

 private:
  [[nodiscard]] static Job<Types> next_chore(State& state) noexcept {
    const Chore<Types> chore = state.inventory.chores().next();
    if (chore.slot == nullptr) return {};
    return {chore.kind == ChoreKind::close ? JobKind::close : JobKind::refresh, chore.slot};
  }

  static void close(PoolSlot& slot, Core& core, TimePoint limit) noexcept {
    core.destroy_connection(slot, limit);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->inventory.chores().done(slot, ChoreKind::close);
    core.finish_close(state, slot, wakeups);
  }

  static void refresh(PoolSlot& slot, Core& core, TimePoint limit) noexcept {
    const TimePoint started = Backend::now();
    std::optional<CloseReason> fault = refreshed(slot, core, started, limit);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->inventory.chores().done(slot, ChoreKind::refresh);
    if (fault == CloseReason::dead)
      core.invalidate_idle_before(state, *slot.endpoint, started);  // may empty the queue of refreshes
    if (Chores<Types>::take_held_back(*slot.endpoint)) wakeups.add(state->idle_workers.expect(started));
    core.return_slot(state, slot, fault, wakeups);
  }

  /// What is wrong with the connection, if anything. A throw of any kind is no answer.
  [[nodiscard]] static std::optional<CloseReason> refreshed(PoolSlot& slot, Core& core, TimePoint started,
                                                            TimePoint limit) noexcept {
    const auto& connector = core.settings().connector;
    const TimePoint deadline = std::min(limit, after(started, core.settings().options.validation_timeout));
    try {
      if (!Calls::is_connected(connector, *slot.connection)) return CloseReason::dead;
      if (std::exchange(slot.dirty, false)) {
        if (!Calls::reset(connector, *slot.connection, deadline)) return CloseReason::reset_failed;
      } else if (!Calls::ping(connector, *slot.connection, deadline)) {
        return CloseReason::dead;
      }
    } catch (...) {  // not even a std::exception: a background worker has nobody to tell
      return CloseReason::dead;
    }
    slot.validated_at = Backend::coarse_now();
    slot.answered_after = slot.uses;
    return std::nullopt;
  }
};

}  // namespace carpool::inline v0_1::detail

/// What a pool has done for it in the background: goodbyes, pings, resets and connects, one slot at a time.
#pragma once

#include <carpool/detail/background/connect_job.hpp>
#include <carpool/detail/interruptions.hpp>
#include <carpool/detail/lifecycle.hpp>

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
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using State = PoolState<Types>;

  /// The slot of the job is the caller's from here on. Throws std::bad_alloc, with nothing changed, where a
  /// connect needs a new slot and there is no memory for it.
  [[nodiscard]] static Job<Types> next(State& state) {
    if (Job<Types> job = next_pending(state); job.slot != nullptr) return job;
    Endpoint<Types>* const endpoint = state.demand.next_to_connect();
    if (endpoint == nullptr) return {};
    if (state.demand.has_free_slot()) return {JobKind::connect, &state.inventory.reserve(*endpoint)};
    state.demand.make_room();
    return next_pending(state);
  }

  static void run(const Job<Types>& job, Lifecycle& pool, TimePoint limit) {
    switch (job.kind) {
      case JobKind::none:
      case JobKind::later: return;
      case JobKind::close: return close(*job.slot, pool, limit);
      case JobKind::refresh: return refresh(*job.slot, pool, limit);
      case JobKind::connect: return ConnectJob<Types>(*job.slot, pool, limit).run();
    }
  }

  /// For a background worker: the next thing to do. Wakes another worker if that leaves something undone.
  [[nodiscard]] static Job<Types> next_for_worker(Lifecycle& pool) noexcept {
    Wakeups<Backend> wakeups;
    auto state = pool.access();
    try {
      const Job<Types> job = next(*state);
      if (job.kind != JobKind::none) pool.wake_background_work(*state, wakeups);
      return job;
    } catch (const std::bad_alloc&) {  // no memory for one more slot: the reaper's next pass wakes a worker
      wakeups.add(state->idle_workers.expect(after(Backend::now(), std::chrono::seconds(1))));
      return {JobKind::later};
    }
  }

  /// On a backend without concurrency, and where no background worker can be spawned, the caller runs the jobs, for no
  /// longer than `limit`.
  static void help_out(Lifecycle& pool, bool without_workers, TimePoint limit) {
    if (Backend::concurrent && !without_workers) return;
    const Uninterrupted<Backend> to_the_end;  // an interruption would be taken for a connect's failure
    (void)run_all(pool, limit);
  }
  /// False: there was nothing to do.
  static bool run_all(Lifecycle& pool, TimePoint limit) {
    for (bool worked = false;; worked = true) {
      Job<Types> job;
      {
        auto state = pool.access();
        job = next(*state);
      }
      if (job.kind == JobKind::none) return worked;
      run(job, pool, limit);
      if (limit != never && Backend::now() >= limit) return true;
    }
  }
  /// On a backend without concurrency: until what somebody wants may be tried again. False: nothing, not before
  /// `limit`.
  [[nodiscard]] static bool rest_before_retry(Lifecycle& pool, TimePoint limit) {
    const TimePoint retry = pool.access()->inventory.planner.first_retry();
    if (retry != never) Backend::sleep_until(std::min(retry, limit));
    return retry < limit;
  }

 private:
  [[nodiscard]] static Job<Types> next_pending(State& state) noexcept {
    const PendingJob<Types> job = state.inventory.pending.next();
    if (job.slot == nullptr) return {};
    return {job.kind == PendingKind::close ? JobKind::close : JobKind::refresh, job.slot};
  }

  static void close(PoolSlot& slot, Lifecycle& pool, TimePoint limit) noexcept {
    pool.destroy_connection(slot, limit);
    Wakeups<Backend> wakeups;
    auto state = pool.access();
    state->inventory.pending.done(slot, PendingKind::close);
    pool.finish_close(state, slot, wakeups);
  }

  static void refresh(PoolSlot& slot, Lifecycle& pool, TimePoint limit) noexcept {
    const TimePoint started = Backend::now();
    std::optional<CloseReason> fault;
    if (!slot.asked_for || still_asked_for(slot, pool)) fault = refreshed(slot, pool, started, limit);
    Wakeups<Backend> wakeups;
    auto state = pool.access();
    state->inventory.pending.done(slot, PendingKind::refresh);
    if (fault == CloseReason::dead)
      pool.invalidate_idle_before(*state, *slot.endpoint, started);  // may empty the queue of refreshes
    if (PendingJobs<Types>::take_held_back(*slot.endpoint)) wakeups.add(state->idle_workers.expect(started));
    slot.is_dead = fault.has_value();
    if (state->hand_over.end_ping(slot, wakeups)) {
      pool.wake_background_work(*state, wakeups);
    } else {
      pool.return_slot(*state, slot, fault, wakeups);
    }
  }
  /// Else it goes back as it is.
  [[nodiscard]] static bool still_asked_for(PoolSlot& slot, Lifecycle& pool) noexcept {
    auto state = pool.access();
    return slot.asker != nullptr && !state->gate.finished();
  }

  /// What is wrong with the connection, if anything. A throw of any kind is no answer.
  [[nodiscard]] static std::optional<CloseReason> refreshed(PoolSlot& slot, Lifecycle& pool, TimePoint started,
                                                            TimePoint limit) noexcept {
    const auto& connector = pool.settings().connector;
    const TimePoint deadline = std::min(limit, after(started, pool.settings().options.validation_timeout));
    try {
      if (!Calls::is_connected(connector, *slot.connection)) return CloseReason::dead;
      const bool dirty = slot.dirty;
      slot.dirty = false;
      if (dirty && !Calls::reset(connector, *slot.connection, deadline)) return CloseReason::reset_failed;
      switch (Calls::look(connector, *slot.connection, deadline, !dirty)) {
        case Look::good: break;
        case Look::dead: return CloseReason::dead;
        case Look::vetoed: return CloseReason::discarded;
        case Look::paused: return std::nullopt;  // as stale as it was
      }
    } catch (...) {  // not even a std::exception: a background worker has nobody to tell
      return CloseReason::dead;
    }
    slot.validated_at = Backend::coarse_now();
    slot.answered_after = static_cast<std::uint32_t>(slot.uses);
    return std::nullopt;
  }
};

}  // namespace carpool::inline v0_1::detail

/// The slow path of acquire: one caller's stay in line, from its ticket to its connection or its error.
#pragma once

#include <carpool/detail/diagnosis.hpp>
#include <carpool/detail/patience.hpp>

#include <optional>
#include <string>
#include <utility>

namespace carpool::detail {

/// Lives on the caller's stack. Leaving it by an exception, an interruption of the waiting worker included, passes on
/// what it had been given and takes it out of line (law 7).
template <class Types>
class Acquisition {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Access = typename Core::Access;

  Acquisition(Core& core, const Target& target, Patience<Backend>& patience, const SourceLocation& site)
      : core_(core), target_(target), patience_(patience), started_(Backend::now()) {
    patience.begin(started_);
    waiter_.site = site;
    waiter_.worker = Types::this_worker();
  }
  Acquisition(const Acquisition&) = delete;
  Acquisition& operator=(const Acquisition&) = delete;

  ~Acquisition() {
    if (unsettled_) break_off();
  }

  /// A validated connection. Throws what ConnectionPool::acquire does.
  [[nodiscard]] PoolSlot& run() {
    for (;;) {
      PoolSlot& slot = next();
      if (!core_.admit(slot, target_, patience_, &waiter_)) continue;
      unsettled_ = false;
      return slot;
    }
  }

 private:
  /// The next connection that is ours to look at. The ticket is kept from one call to the next.
  [[nodiscard]] PoolSlot& next() {
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    if (!std::exchange(unsettled_, true)) state->enter(waiter_);  // who was rejected is inside, or was granted one
    auto& endpoint = state->endpoints().at(target_);  // found anew: it may have been dropped since the last call
    for (bool timed_out = false;;) {
      Instant<Backend> now;  // not what it was before the lock: others may have become overdue meanwhile
      if (waiter_.failure != nullptr) turn_away(state, endpoint, PoolErrc::connect_failed, now);
      if (PoolSlot* slot = state->claim(endpoint, waiter_, now)) {
        state->serve(endpoint, now, wakeups);
        core_.wake_background_work(state, wakeups);
        return *slot;
      }
      if (const auto why = refused(state, endpoint, now, timed_out)) turn_away(state, endpoint, *why, now);
      if (!waiter_.in_line) state->join_line(endpoint, waiter_, started_);
      state->serve(endpoint, now, wakeups);  // law 3: there may be more than the first in line have been told of
      core_.wake_background_work(state, wakeups);
      if (PoolSlot* slot = wait(state, wakeups, timed_out)) return *slot;
    }
  }

  /// Why there is no point in waiting (longer), if there is none.
  [[nodiscard]] std::optional<PoolErrc> refused(Access& state, Endpoint<Types>& endpoint, Instant<Backend>& now,
                                                bool timed_out) {
    if (state->finished()) return PoolErrc::pool_closed;
    if (timed_out || started_ >= patience_.deadline()) return PoolErrc::acquire_timeout;
    if (!waiter_.in_line && state->hopeless(endpoint, now)) return PoolErrc::breaker_open;
    return may_wait(endpoint) ? std::nullopt : std::optional(PoolErrc::queue_full);
  }
  /// Who is in line has its turn, but where nobody may wait at all. On a backend without concurrency nobody ever waits
  /// for anybody.
  [[nodiscard]] bool may_wait(const Endpoint<Types>& endpoint) const noexcept {
    const auto& most = core_.settings().options.max_waiters;
    if (!Backend::concurrent || !most) return true;
    return waiter_.in_line ? *most > 0 : endpoint.line.size() < *most;
  }

  /// Copies the facts under the lock, and has the error made and thrown after it: an error text, its memory, and the
  /// connector's words are nothing that anybody should wait for.
  [[noreturn, gnu::noinline]] void turn_away(Access& state, Endpoint<Types>& endpoint, PoolErrc why,
                                             Instant<Backend>& now) {
    Refusal refusal;
    refusal.why = why;
    refusal.failure = waiter_.failure;
    refusal.now = now.get();
    refusal.length = now.get() - started_;
    if (why != PoolErrc::connect_failed && why != PoolErrc::pool_closed) ask_endpoint(state, endpoint, refusal);
    state.unlock();
    const auto& settings = core_.settings();
    throw_refusal(settings.options, refusal,
                  refusal.connecting ? Types::Calls::describe(settings.connector, target_) : std::string());
  }
  /// Who was sent out of line knows nothing of its endpoint any more: it may be gone.
  void ask_endpoint(Access& state, Endpoint<Types>& endpoint, Refusal& refusal) {
    Instant<Backend> now;
    refusal.failure = endpoint.failure;
    refusal.stats.waiting = endpoint.line.size() - (waiter_.in_line ? 1 : 0);
    if (refusal.why == PoolErrc::breaker_open) refusal.length = endpoint.breaker.retry_at() - refusal.now;
    if (refusal.why == PoolErrc::queue_full) ask_for_others(state, endpoint, now);
    if (refusal.why == PoolErrc::acquire_timeout) {
      ++state->counters.timeouts;
      look_around(*state, endpoint, refusal);
    }
    if (!waiter_.in_line) state->drop_if_unused(endpoint);
  }

  /// We may not wait for a connection, but whoever comes later may find one.
  void ask_for_others(Access& state, Endpoint<Types>& endpoint, Instant<Backend>& now) noexcept {
    if (waiter_.in_line) state->leave_line(endpoint, waiter_);
    state->ask_for_one(endpoint, now);
  }

  /// Sleeps until somebody has something for us. A connection that was handed over is ours without another look at the
  /// books, which are left unlocked then. An interruption passes through.
  [[nodiscard]] PoolSlot* wait(Access& state, Wakeups<Backend>& wakeups, bool& timed_out) {
    const bool without_workers = state->idle_workers.without_workers();
    state.unlock();
    wakeups.fire();
    if constexpr (Backend::concurrent) {
      core_.help_out(without_workers, patience_.deadline());
    } else {
      work_for_it();
    }
    timed_out = !waiter_.parking.park_until(patience_.deadline());
    PoolSlot* const granted = timed_out ? nullptr : waiter_.take_granted();
    if (granted == nullptr) state.lock();
    if (!timed_out) waiter_.notified = false;
    return granted;
  }

  /// On a backend without concurrency: the pool's work, and what can be tried again in time.
  void work_for_it() {
    do {
      core_.run_jobs(patience_.deadline());
    } while (!waiter_.notified && core_.rest_before_retry(patience_.deadline()));
  }

  /// An exception ends the visit: what we were given, or were told to look at, goes to the next in line.
  void break_off() noexcept {
    Instant<Backend> now;
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    state->enter(waiter_);
    if (PoolSlot* slot = waiter_.take_granted()) {
      --state->counters.acquired;
      core_.return_slot(state, *slot, std::nullopt, wakeups);
    }
    if (waiter_.in_line) leave(state, *waiter_.endpoint, now, wakeups);
    core_.wake_background_work(state, wakeups);
    core_.depart(state, wakeups);
  }

  void leave(Access& state, Endpoint<Types>& endpoint, Instant<Backend>& now, Wakeups<Backend>& wakeups) noexcept {
    state->leave_line(endpoint, waiter_);
    state->serve(endpoint, now, wakeups);
    state->drop_if_unused(endpoint);
  }

  Core& core_;
  const Target& target_;
  Patience<Backend>& patience_;
  const TimePoint started_;
  Waiter<Types> waiter_;
  bool unsettled_ = false;  // the books know of us, or a slot is ours that nobody has admitted
};

}  // namespace carpool::detail

/// The slow path of acquire: one caller's stay in line, from its ticket to its connection or its error.
#pragma once

#include <carpool/detail/diagnosis.hpp>
#include <carpool/detail/patience.hpp>

namespace carpool::detail {

/// Lives on the caller's stack. Leaving it by an exception, an interruption of the waiting worker included, passes on
/// what it had been given and takes it out of line (law 7).
template <class Types>
class Acquisition {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using Place = detail::Place<Types>;
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
  [[nodiscard]] Place& run() {
    for (;;) {
      Place& place = next();
      if (!core_.admit(place, target_, patience_, &waiter_)) continue;
      unsettled_ = false;
      return place;
    }
  }

 private:
  /// The next connection that is ours to look at. The ticket is kept from one call to the next.
  [[nodiscard]] Place& next() {
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    if (!std::exchange(unsettled_, true)) state->enter(waiter_);  // who was rejected is inside, or was granted one
    auto& endpoint = state->endpoints().at(target_);  // found anew: it may have been dropped since the last call
    for (bool timed_out = false;;) {
      Instant<Backend> now;  // not what it was before the lock: others may have become overdue meanwhile
      if (waiter_.failure != nullptr) throw_connect_error(core_.settings().options, *waiter_.failure);
      if (Place* place = state->claim(endpoint, waiter_, now)) {
        state->serve(endpoint, now, wakeups);
        core_.stir(state, wakeups);
        return *place;
      }
      refuse_or_drop(state, endpoint, now, timed_out);
      if (!waiter_.in_line) state->join_line(endpoint, waiter_, started_);
      state->serve(endpoint, now,
                   wakeups);  // law 3: the first in line may have been told and not run; there may be more
      core_.stir(state, wakeups);
      if (Place* place = wait(state, wakeups, timed_out)) return *place;
    }
  }

  /// As refuse(). An endpoint that was made for this call alone goes with it.
  void refuse_or_drop(Access& state, Endpoint<Types>& endpoint, Instant<Backend>& now, bool timed_out) {
    try {
      refuse(state, endpoint, now, timed_out);
    } catch (...) {
      if (waiter_.ticket == 0) state->drop_if_unused(endpoint);  // who was dismissed may have lost it to another
      throw;
    }
  }
  /// Throws where there is no point in waiting (longer).
  void refuse(Access& state, Endpoint<Types>& endpoint, Instant<Backend>& now, bool timed_out) {
    const PoolOptions& options = core_.settings().options;
    if (state->finished()) throw_closed(options);
    if (timed_out || started_ >= patience_.deadline()) {
      ++state->counters.timeouts;
      throw timeout_error(*state, options, endpoint.failure, now.get() - started_, now.get());
    }
    if (waiter_.in_line) return;
    if (state->hopeless(endpoint, now))
      throw_breaker_open(options, *endpoint.failure, endpoint.breaker.retry_at() - now.get());
    const std::size_t waiting = state->waiting();
    if (options.max_waiters && waiting >= *options.max_waiters) throw_queue_full(options, waiting);
  }

  /// Sleeps until somebody has something for us. A connection that was handed over is ours without another look at the
  /// books, which are left unlocked then. An interruption passes through.
  [[nodiscard]] Place* wait(Access& state, Wakeups<Backend>& wakeups, bool& timed_out) {
    state.unlock();
    wakeups.fire();
    if constexpr (!Backend::concurrent) work_for_it();
    timed_out = !waiter_.parking.park_until(patience_.deadline());
    Place* const granted = timed_out ? nullptr : waiter_.take_granted();
    if (granted == nullptr) state.lock();
    if (!timed_out) waiter_.notified = false;
    return granted;
  }

  /// On a backend without concurrency: the pool's work, and what can be tried again in time.
  void work_for_it() {
    do {
      core_.run_errands(patience_.deadline());
    } while (!waiter_.notified && core_.rest_before_retry(patience_.deadline()));
  }

  /// An exception ends the visit: what we were given, or were told to look at, goes to the next in line.
  void break_off() noexcept {
    Instant<Backend> now;
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    state->enter(waiter_);
    if (Place* place = waiter_.take_granted()) {
      --state->counters.acquired;
      core_.settle_place(state, *place, std::nullopt, wakeups);
    }
    if (waiter_.in_line) leave(state, *waiter_.endpoint, now, wakeups);
    core_.stir(state, wakeups);
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
  bool unsettled_ = false;  // the books know of us, or a place is ours that nobody has admitted
};

}  // namespace carpool::detail

/// The slow path of acquire: one caller's wait, from its ticket to its connection or its error.
#pragma once

#include <carpool/detail/admission.hpp>
#include <carpool/detail/background/jobs.hpp>
#include <carpool/detail/diagnosis.hpp>
#include <carpool/detail/timeout.hpp>

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Lives on the caller's stack, or, where the caller does not sleep, in an AsyncAcquire. Leaving it by an exception, an
/// interruption of the waiting worker included, passes on what it had been given and takes it out of the wait queue
/// (law 7).
template <class Types>
class AcquireWait {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;
  using Access = typename Lifecycle::Access;

  /// With a continuation, which must outlive it, no worker sleeps: look() in place of run().
  AcquireWait(Lifecycle& pool, const Target& target, Timeout<Backend>& timeout, const SourceLocation& site,
              Continuation* continuation = nullptr)
      : pool_(pool), settings_(pool.settings()), target_(target), timeout_(timeout), started_(Backend::now()) {
    timeout.begin(started_);
    waiter_.site = site;
    waiter_.worker = Types::this_worker();
    waiter_.continuation = continuation;
    waiter_.notified = continuation != nullptr;
    waiter_.deadline = timeout.deadline();
  }
  AcquireWait(const AcquireWait&) = delete;
  AcquireWait& operator=(const AcquireWait&) = delete;

  ~AcquireWait() {
    if (!unsettled_) return;
    pool_.forked() ? leave_to_parent() : break_off();
  }

  /// A validated connection. Throws what ConnectionPool::acquire does.
  [[nodiscard]] PoolSlot& run() {
    for (;;) {
      PoolSlot& slot = next();
      const Admitted admitted = Admission<Types>::admit(pool_, slot, target_, timeout_, &waiter_);
      if (admitted == Admitted::paused && Backend::now() >= timeout_.deadline()) give_up();
      if (admitted != Admitted::yes) continue;
      settle(slot);
      return slot;
    }
  }

  /// The same without sleeping. nullptr: the continuation will be resumed, or has been by now, and *this may be gone;
  /// once it was, look(true) is to follow. Throws also AcquireCancelled.
  [[nodiscard]] PoolSlot* look(bool roused) {
    PoolSlot* slot = roused ? waiter_.take_granted() : nullptr;
    for (;; slot = nullptr) {
      if (slot == nullptr) slot = look_once();
      if (slot == nullptr) return nullptr;
      const Admitted admitted = Admission<Types>::admit(pool_, *slot, target_, timeout_, &waiter_);
      if (admitted == Admitted::later) return nullptr;
      if (admitted != Admitted::yes) continue;
      settle(*slot);
      return slot;
    }
  }
  /// By any worker. What has begun to end otherwise does so.
  void call_off() noexcept {
    Wakeups<Backend> wakeups;
    auto state = pool_.access();
    waiter_.called_off = true;
    state->hand_over.notify(waiter_, wakeups);
  }
  /// By who is about to end it without another look. True: the continuation is not under way, and never will be.
  [[nodiscard]] bool withdraw() noexcept {
    auto state = pool_.access();
    return state->hand_over.abandon_ping(waiter_) || !std::exchange(waiter_.notified, true);
  }

 private:
  /// The slot is the caller's.
  void settle(PoolSlot& slot) noexcept {
    unsettled_ = false;
    if (!settings_.options.leak_detection_threshold) return;
    Wakeups<Backend> wakeups;
    auto state = pool_.access();
    pool_.expect_back(*state, slot.lease.since(), wakeups);
  }

  /// The next connection that is ours to look at. The ticket is kept from one call to the next.
  [[nodiscard]] PoolSlot& next() {
    Wakeups<Backend> wakeups;
    auto state = pool_.access();
    auto& endpoint = find_endpoint(state);
    for (bool timed_out = false;;) {
      if (PoolSlot* slot = claim_or_enqueue(state, endpoint, wakeups, timed_out)) return *slot;
      if (PoolSlot* slot = wait(state, wakeups, timed_out)) return *slot;
    }
  }
  [[noreturn, gnu::noinline]] void give_up() {
    auto state = pool_.access();
    turn_away(state, &find_endpoint(state), PoolErrc::acquire_timeout, Backend::now());
  }
  [[nodiscard]] PoolSlot* look_once() {
    Wakeups<Backend> wakeups;
    auto state = pool_.access();
    auto& endpoint = find_endpoint(state);
    PoolSlot* const slot = claim_or_enqueue(state, endpoint, wakeups, waiter_.timed_out);
    if (slot == nullptr) wakeups.add(state->idle_workers.expect_deadline(state->hand_over.first_deadline()));
    return slot;
  }
  /// Anew for each look, because it may have been dropped since the last; and not for a waiter that is about to leave,
  /// who would have it made again for nobody.
  [[nodiscard]] Endpoint<Types>& find_endpoint(Access& state) {
    if (!std::exchange(unsettled_, true)) state->hand_over.retain(waiter_);  // who was rejected is inside
    if (waiter_.called_off) throw_called_off(pool_.settings().options);
    if (waiter_.failure != nullptr) turn_away(state, nullptr, PoolErrc::connect_failed, Backend::now());
    return state->inventory.endpoints.at(target_);
  }
  /// nullptr: we wait from here on.
  [[nodiscard]] PoolSlot* claim_or_enqueue(Access& state, Endpoint<Types>& endpoint, Wakeups<Backend>& wakeups,
                                           bool timed_out) {
    Instant<Backend> now;  // not what it was before the lock: others may have become overdue meanwhile
    if (waiter_.failure != nullptr) turn_away(state, nullptr, PoolErrc::connect_failed, now.get());
    PoolSlot* const slot = state->hand_over.claim(endpoint, waiter_, now);
    if (slot == nullptr) {
      if (const auto why = refused(*state, endpoint, now, timed_out)) turn_away(state, &endpoint, *why, now.get());
      if (!waiter_.enqueued) state->hand_over.enqueue(endpoint, waiter_, started_);
      if (!waiter_.sleeps()) waiter_.notified = false;
    }
    state->hand_over.serve(endpoint, now, wakeups);  // law 3: there may be more than the first waiters were told of
    pool_.wake_background_work(*state, wakeups);
    return slot;
  }

  /// Why there is no point in waiting (longer), if there is none.
  [[nodiscard]] std::optional<PoolErrc> refused(PoolState<Types>& state, Endpoint<Types>& endpoint,
                                                Instant<Backend>& now, bool timed_out) {
    if (state.gate.finished()) return PoolErrc::pool_closed;
    if (timed_out || started_ >= timeout_.deadline()) return PoolErrc::acquire_timeout;
    if (!waiter_.enqueued && state.demand.circuit_open(endpoint, now)) return PoolErrc::breaker_open;
    return may_wait(endpoint) ? std::nullopt : std::optional(PoolErrc::queue_full);
  }
  /// A waiter keeps its turn, except where no caller may wait at all. On a backend without concurrency no caller waits
  /// for another.
  [[nodiscard]] bool may_wait(const Endpoint<Types>& endpoint) const noexcept {
    const auto& most = pool_.settings().options.max_waiters;
    if (!Backend::concurrent || !most) return true;
    return waiter_.enqueued ? *most > 0 : endpoint.waiters.size() < *most;
  }

  /// Copies the facts under the lock, and has the error made and thrown after it: an error text, its memory, and the
  /// connector's words are nothing that anybody should wait for.
  [[noreturn, gnu::noinline]] void turn_away(Access& state, Endpoint<Types>* endpoint, PoolErrc why, TimePoint now) {
    Refusal refusal;
    refusal.why = why;
    refusal.failure = waiter_.failure;
    refusal.now = now;
    refusal.length = now - started_;
    if (endpoint != nullptr && why != PoolErrc::pool_closed) ask_endpoint(*state, *endpoint, refusal);
    state.unlock();
    throw_refusal(settings_.options, refusal,
                  refusal.connecting ? Types::Calls::describe(settings_.connector, target_) : std::string());
  }
  /// The queue, and the pool's count of who needs it, know nothing of us any more.
  [[noreturn, gnu::noinline]] void leave_failed() {
    unsettled_ = false;
    Refusal refusal;
    refusal.why = waiter_.failure != nullptr ? PoolErrc::connect_failed : PoolErrc::pool_closed;
    refusal.failure = waiter_.failure;
    throw_refusal(settings_.options, refusal, std::string());
  }
  /// A waiter that was dequeued must not use its endpoint any more: it may be gone.
  void ask_endpoint(PoolState<Types>& state, Endpoint<Types>& endpoint, Refusal& refusal) {
    Instant<Backend> now;
    refusal.failure = endpoint.failure;
    refusal.stats.waiting = endpoint.waiters.size() - (waiter_.enqueued ? 1 : 0);
    if (refusal.why == PoolErrc::breaker_open) refusal.length = endpoint.breaker.retry_at() - refusal.now;
    if (refusal.why == PoolErrc::queue_full) ask_for_others(state, endpoint, now);
    if (refusal.why == PoolErrc::acquire_timeout) {
      ++state.inventory.counters.timeouts;
      look_around(state, endpoint, refusal);
    }
    if (!waiter_.enqueued) state.inventory.drop_if_unused(endpoint);
  }

  /// We may not wait for a connection, but whoever comes later may find one.
  void ask_for_others(PoolState<Types>& state, Endpoint<Types>& endpoint, Instant<Backend>& now) noexcept {
    if (waiter_.enqueued) state.hand_over.dequeue(endpoint, waiter_);
    state.demand.ask_for_one(endpoint, now);
  }

  /// Sleeps until somebody has something for us. A connection that was handed over is ours without another look at the
  /// state, which is left unlocked then. An interruption passes through.
  [[nodiscard]] PoolSlot* wait(Access& state, Wakeups<Backend>& wakeups, bool& timed_out) {
    const bool without_workers = state->idle_workers.without_workers();
    const bool sleeps = Backend::concurrent && !without_workers;  // else we run jobs, and need the core
    waiter_.stage.store(sleeps ? WaiterStage::waits : WaiterStage::looks, std::memory_order_relaxed);
    state.unlock();
    wakeups.fire();
    if constexpr (Backend::concurrent) {
      JobQueue<Types>::help_out(pool_, without_workers, timeout_.deadline());
    } else {
      work_for_it();
    }
    timed_out = !park();
    PoolSlot* const granted = timed_out ? nullptr : waiter_.take_granted();
    if (granted == nullptr && waiter_.has_failed()) leave_failed();
    if (granted == nullptr) state.lock();
    if (!timed_out) waiter_.notified = false;
    return granted;
  }

  /// An interruption may meet the waiter's failure: then there is nothing to break off.
  [[nodiscard]] bool park() {
    try {
      return waiter_.parking.park_until(timeout_.deadline());
    } catch (...) {
      if (waiter_.has_failed()) unsettled_ = false;
      throw;
    }
  }

  /// On a backend without concurrency: the pool's work, and what can be tried again in time.
  void work_for_it() {
    do {
      JobQueue<Types>::run_all(pool_, timeout_.deadline());
    } while (!waiter_.notified && JobQueue<Types>::rest_before_retry(pool_, timeout_.deadline()));
  }

  /// In a forked child: the state is the parent's, and so is a connection that was granted.
  void leave_to_parent() noexcept {
    if (PoolSlot* const slot = waiter_.take_granted())
      Types::Calls::abandon(pool_.settings().connector, *slot->connection);
  }
  /// An exception ends the visit: what we were given, or were told to look at, goes to the next waiter.
  void break_off() noexcept {
    Instant<Backend> now;
    Wakeups<Backend> wakeups;
    auto state = pool_.access();
    state->hand_over.retain(waiter_);
    if (PoolSlot* slot = waiter_.take_granted()) {
      --state->inventory.counters.acquired;
      pool_.return_slot(*state, *slot, std::nullopt, wakeups);
    }
    if (waiter_.enqueued) leave(*state, *waiter_.endpoint, now, wakeups);
    assert(!waiter_.watched && "carpool: nobody may watch the deadline of a waiter that is gone");
    pool_.wake_background_work(*state, wakeups);
    pool_.release(state, wakeups);
  }

  void leave(PoolState<Types>& state, Endpoint<Types>& endpoint, Instant<Backend>& now,
             Wakeups<Backend>& wakeups) noexcept {
    state.hand_over.dequeue(endpoint, waiter_);
    state.hand_over.serve(endpoint, now, wakeups);
    state.inventory.drop_if_unused(endpoint);
  }

  Lifecycle& pool_;
  const Settings<Types>& settings_;  // there still after a failure, when the pool may be gone
  const Target& target_;
  Timeout<Backend>& timeout_;
  const TimePoint started_;
  Waiter<Types> waiter_;
  bool unsettled_ = false;  // the state knows of us, or a slot is ours that nobody has admitted
};

}  // namespace carpool::inline v0_1::detail

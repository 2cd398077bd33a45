/// The pool's background workers that rest or have ended: which one to wake when there is a job.
#pragma once

#include <carpool/detail/state/reaper_signal.hpp>
#include <carpool/time.hpp>

#include <utility>

namespace carpool::inline v0_1::detail {

/// What IdleWorkers knows of one background worker. `parking` is the worker's own; the rest is used under the pool's
/// lock.
template <class Types>
struct IdleWorker {
  typename Types::Backend::ParkingSlot parking;
  IdleWorker* next = nullptr;
  bool resting = false;  // among the IdleWorkers, and not woken yet
};

/// All under the pool's lock. Only the reaper spawns workers, because a caller that gives a connection back must not
/// start a thread (law 11).
template <class Types>
class IdleWorkers {
 public:
  using IdleWorker = detail::IdleWorker<Types>;
  using Reaper = ReaperSignal<typename Types::Backend>;
  using Wakeup = decltype(std::declval<IdleWorker&>().parking.unpark());
  /// From here on there is a reaper to call. What is asked for before that, the reaper's first step sees.
  void open(Reaper& reaper) noexcept { reaper_ = &reaper; }
  /// The reaper is about to stop, and workers end when there is no job left.
  void stop() noexcept {
    stopping = true;
    reaper_ = nullptr;
  }

  /// There is a job: wakes a resting worker, or the reaper so that it spawns one. Where all are busy, each of them
  /// looks for the next job by itself.
  [[nodiscard]] Wakeup rouse() noexcept {
    if (IdleWorker* const worker = resting_; worker != nullptr) {
      resting_ = worker->next;
      worker->resting = false;
      return worker->parking.unpark();
    }
    return starting_ ? Wakeup() : call_reaper();
  }
  /// It may be there still: a token that came together with the end of its last rest has ended this one at once.
  void rest(IdleWorker& worker) noexcept {
    if (std::exchange(worker.resting, true)) return;
    worker.next = std::exchange(resting_, &worker);
  }
  /// The worker has rested for long enough. False: it was woken meanwhile.
  [[nodiscard]] bool leave(IdleWorker& worker) noexcept {
    if (!std::exchange(worker.resting, false)) return false;
    IdleWorker** link = &resting_;
    while (*link != &worker) link = &(*link)->next;
    *link = worker.next;
    worker.next = std::exchange(leavers_, &worker);
    return true;
  }
  /// The workers that have left since, linked by `next`: the reaper joins them.
  [[nodiscard]] IdleWorker* take_leavers() noexcept { return std::exchange(leavers_, nullptr); }

  template <class Wakeups>
  void rouse_all(Wakeups& wakeups) noexcept {
    while (resting_ != nullptr) wakeups.add(rouse());
  }

  /// No worker rests and none is being spawned. Each worker that takes a job and leaves another behind wakes the next,
  /// so one at a time is enough. There are never more workers than jobs that may run at once.
  [[nodiscard]] bool should_spawn() const noexcept { return resting_ == nullptr && !starting_; }
  void spawning() noexcept { starting_ = true; }
  void started() noexcept {
    starting_ = false;
    without_workers_ = false;
  }
  void spawning_failed(bool nobody_there) noexcept {
    starting_ = false;
    without_workers_ = nobody_there;
  }
  /// There is no worker, and none can be spawned: callers that wait run the jobs that they wait for.
  [[nodiscard]] bool without_workers() const noexcept { return without_workers_; }

  /// Something will be due then: the reaper is woken if it would have slept longer.
  [[nodiscard]] Wakeup expect(TimePoint due) noexcept {
    if (due >= reaper_due) return {};
    reaper_due = due;
    return call_reaper();
  }
  /// The same for a waiter that nobody sleeps for. Mostly the reaper looks earlier anyway, and nobody is woken.
  [[nodiscard]] Wakeup expect_deadline(TimePoint deadline) noexcept {
    if (deadline >= deadline_due || deadline >= reaper_due) return {};
    deadline_due = deadline;
    return call_reaper();
  }
  [[nodiscard]] Wakeup call_reaper() noexcept { return reaper_ != nullptr ? reaper_->call() : Wakeup(); }

  // The reaper orders a pass when it is due, and one worker at a time runs it.
  void order_pass() noexcept {
    reaper_due = never;
    pass_ordered_ = true;
  }
  [[nodiscard]] bool pass_ordered() const noexcept { return pass_ordered_ && !pass_begun_; }
  [[nodiscard]] bool begin_pass() noexcept {
    if (stopping || !pass_ordered()) return false;
    pass_ordered_ = false;
    return pass_begun_ = true;
  }
  void end_pass() noexcept { pass_begun_ = false; }

  TimePoint reaper_due = never;    // when it will look again
  TimePoint deadline_due = never;  // the same, for the deadlines of waiters that nobody sleeps for
  bool stopping = false;

 private:
  Reaper* reaper_ = nullptr;
  IdleWorker* resting_ = nullptr;
  IdleWorker* leavers_ = nullptr;
  bool starting_ = false;  // spawned, and has not asked for its first job yet
  bool without_workers_ = false;
  bool pass_ordered_ = false;
  bool pass_begun_ = false;
};

}  // namespace carpool::inline v0_1::detail

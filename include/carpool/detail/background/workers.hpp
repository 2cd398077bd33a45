/// The pool's background workers, which run its jobs and its reaper's passes, and what the reaper does to spawn them.
#pragma once

#include <carpool/detail/background/jobs.hpp>
#include <carpool/detail/background/reaper.hpp>
#include <carpool/detail/background/reaper_pass.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace carpool::inline v0_1::detail {

/// On a backend without concurrency no worker is ever started: the pool's callers run the jobs. Only background workers
/// call what users wrote, so that one reaper can serve a thousand pools.
template <class Types>
class BackgroundWorkers {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using Task = decltype(Backend::spawn_background(std::declval<void (*)()>()));
  using Wakeups = detail::Wakeups<Backend>;

  explicit BackgroundWorkers(Lifecycle& pool) noexcept : pool_(pool), reaper_(*this) {}

  /// Throws what the backend's spawn does.
  void start() {
    if constexpr (Backend::concurrent) {
      reaper_.start();
      started_ = true;
      Wakeups wakeups;
      auto state = pool_.access();
      state->idle_workers.open(reaper_.signal());
      if (state->has_work()) wakeups.add(state->idle_workers.call_reaper());
    }
  }

  /// The pool is closed. Closes what is to be closed, together with the workers, and waits until every connect and
  /// every worker has ended.
  void stop() {
    if (!started_) return;
    (void)run_jobs();
    dismiss();
    reaper_.stop();
    workers_.clear();  // joins
  }

 private:
  friend Reaper<Backend, BackgroundWorkers>;

  struct Worker {
    IdleWorker<Types> self;
    std::optional<Task> task;  // declared last: joined before `self` goes
  };
  static constexpr Duration spawn_again_after = std::chrono::milliseconds(100);
  /// A worker without a job ends after that. To start a thread costs some 50 us: in a pool that needs one a little less
  /// often than this, one twenty-thousandth of the time.
  static constexpr Duration rest_time = std::chrono::seconds(1);

  void dismiss() noexcept {
    Wakeups wakeups;
    auto state = pool_.access();
    state->idle_workers.stop();
    state->idle_workers.rouse_all(wakeups);
  }

  // --- the reaper --------------------------------------------------------------------------------------

  /// Wakes or spawns a worker if there is a job or a pass to run. Returns when to look again; nothing: the reaper must
  /// end. Nothing that a connector or an eviction does can hold it up.
  [[nodiscard]] std::optional<TimePoint> step() noexcept {
    const TimePoint now = Backend::now();
    Wakeups wakeups;
    auto state = pool_.access();
    if (state->idle_workers.stopping) return std::nullopt;
    IdleWorker<Types>* const leavers = state->idle_workers.take_leavers();
    const bool wanted = rouse_or_want_one(*state, now, wakeups);
    state->expire(now, wakeups);
    state->idle_workers.deadline_due = state->first_deadline();
    const TimePoint due = std::min(state->idle_workers.reaper_due, state->idle_workers.deadline_due);
    state.unlock();
    wakeups.fire();
    join(leavers);
    return !wanted || spawn_worker() ? due : std::min(due, after(now, spawn_again_after));
  }
  /// True: there is something to do, and no worker to do it.
  [[nodiscard]] static bool rouse_or_want_one(PoolState<Types>& state, TimePoint now, Wakeups& wakeups) noexcept {
    auto& idle_workers = state.idle_workers;
    if (now >= idle_workers.reaper_due) idle_workers.order_pass();
    if (!idle_workers.pass_ordered() && !state.has_work()) return false;
    const bool wanted = idle_workers.should_spawn();
    if (wanted) idle_workers.spawning();
    if (!wanted) wakeups.add(idle_workers.rouse());
    return wanted;
  }
  [[nodiscard]] bool spawn_worker() noexcept {
    try {
      auto& worker = *workers_.emplace_back(std::make_unique<Worker>());
      worker.task.emplace(Backend::spawn_background([this, &worker] { work(worker.self); }));
      return true;
    } catch (const std::exception&) {  // no memory, or no thread to be had
      if (!workers_.empty() && !workers_.back()->task) workers_.pop_back();
      Wakeups wakeups;
      auto state = pool_.access();
      state->idle_workers.spawning_failed(workers_.empty());
      if (state->idle_workers.without_workers()) state->call_for_help(wakeups);
      return false;
    }
  }
  /// These workers have ended.
  void join(IdleWorker<Types>* leavers) noexcept {
    while (leavers != nullptr) {
      IdleWorker<Types>* const gone = std::exchange(leavers, leavers->next);
      std::erase_if(workers_, [gone](const auto& worker) { return &worker->self == gone; });
    }
  }

  // --- the workers -------------------------------------------------------------------------------------

  void work(IdleWorker<Types>& self) noexcept {
    pool_.access()->idle_workers.started();
    for (;;) {
      run_passes();
      const JobKind left = run_jobs();
      auto state = pool_.access();
      if (state->idle_workers.stopping) return;
      if (state->idle_workers.pass_ordered()) continue;
      if (left == JobKind::none && state->has_work()) continue;  // one that has come since
      state->idle_workers.rest(self);
      state.unlock();
      const bool roused = self.parking.park_until(after(Backend::now(), rest_time));
      if (!roused && leaves(self)) return;
    }
  }
  /// False: the worker was woken at the last moment.
  [[nodiscard]] bool leaves(IdleWorker<Types>& self) noexcept {
    Wakeups wakeups;
    auto state = pool_.access();
    if (!state->idle_workers.leave(self)) return false;
    wakeups.add(state->idle_workers.call_reaper());  // to join this worker; from now on a new job calls it, too
    return true;
  }

  /// Where they are ordered. Out of memory, the next pass is a second away, and what is due waits for it.
  void run_passes() noexcept {
    while (begin_pass()) {
      const TimePoint due = run_pass();
      Wakeups wakeups;
      auto state = pool_.access();
      state->idle_workers.end_pass();
      wakeups.add(state->idle_workers.expect(due));
    }
  }
  [[nodiscard]] bool begin_pass() noexcept {
    Wakeups wakeups;
    auto state = pool_.access();
    if (!state->idle_workers.begin_pass()) return false;
    if (state->has_work()) wakeups.add(state->idle_workers.rouse());  // another worker
    return true;
  }
  [[nodiscard]] TimePoint run_pass() noexcept {
    try {
      return pass_.run(pool_).next_due;
    } catch (const std::bad_alloc&) {
      return after(Backend::now(), std::chrono::seconds(1));
    }
  }

  /// Until there is none, or none that can be done now; returns which.
  JobKind run_jobs() noexcept {
    for (;;) {
      const Job<Types> job = JobQueue<Types>::next_for_worker(pool_);
      if (job.slot == nullptr) return job.kind;
      JobQueue<Types>::run(job, pool_, never);
    }
  }

  Lifecycle& pool_;
  ReaperPass<Types> pass_;                        // of the worker that runs a pass
  std::vector<std::unique_ptr<Worker>> workers_;  // the reaper's, until it has stopped
  Reaper<Backend, BackgroundWorkers> reaper_;
  bool started_ = false;
};

}  // namespace carpool::inline v0_1::detail

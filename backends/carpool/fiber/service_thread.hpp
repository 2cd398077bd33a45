/// The thread on which a pool's own fibers run: those that must go on whatever the application's threads do.
#pragma once

#include <carpool/fiber/parking_slot.hpp>
#include <carpool/fiber/task.hpp>
#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/per_process.hpp>
#include <carpool/posix/pinned_object.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// One for the process. It is started at the first job, sleeps in epoll while it has none, and is never stopped: jobs
/// may be given until the very end of the process, by static objects' destructors too.
class FiberServiceThread {
 public:
  /// Any thread. Throws std::system_error where no thread can be started, std::bad_alloc.
  template <class F>
  static FiberTask run(F&& f) {
    FiberCompletionPointer completion(new FiberCompletion(nullptr));
    auto job = std::make_unique<FiberJob<std::decay_t<F>>>(std::forward<F>(f), completion);
    FiberServiceThread& thread = of_this_process();
    thread.ensure_started();
    thread.submit(*job.release());
    return FiberTask(std::move(completion));
  }

 private:
  static FiberServiceThread& of_this_process() {
    static constinit PerProcess<FiberServiceThread> service;
    return service.get();
  }

  struct Job {
    virtual ~Job() = default;
    /// Starts the fiber. Throws std::bad_alloc, having done nothing.
    virtual void start(FiberReactor& reactor) = 0;
    Job* next = nullptr;
  };

  template <class F>
  struct FiberJob final : Job {
    template <class G>
    FiberJob(G&& f, FiberCompletionPointer completion) : body(std::forward<G>(f), std::move(completion)) {}
    void start(FiberReactor& reactor) override {
      // The fiber keeps the job: a stack that cannot be had then costs no callable that was moved already.
      start_fiber(reactor, [this] { std::unique_ptr<FiberJob>(this)->body(); });
    }
    FiberBody<F> body;
  };

  void ensure_started() {
    if (started_.load(std::memory_order_acquire)) return;  // (2) synchronizes-with (1)
    pin_this_object();                                     // not under the lock
    const std::lock_guard lock(starting_);
    if (started_.load(std::memory_order_relaxed)) return;
    const BlockedSignals inherited;
    std::thread([this] { serve(); }).detach();
    started_.store(true, std::memory_order_release);  // (1)
  }

  /// A stack with many who push and one who takes all of it: no ABA.
  void submit(Job& job) noexcept {
    job.next = jobs_.load(std::memory_order_relaxed);
    while (!jobs_.compare_exchange_weak(job.next, &job, std::memory_order_release)) {  // (3)
    }
    const FiberWakeup wakeup = slot_.unpark();
  }

  [[noreturn]] void serve() {
    pthread_setname_np(pthread_self(), "carpool-service");
    for (;;) {
      slot_.park_until(never);
      Job* oldest = nullptr;
      for (Job* job = jobs_.exchange(nullptr, std::memory_order_acquire); job != nullptr;) {  // synchronizes-with (3)
        Job* const below = job->next;
        job->next = oldest;
        oldest = job;
        job = below;
      }
      start_all(oldest);
    }
  }

  static void start_all(Job* job) {
    while (job != nullptr) {
      Job* const next = job->next;  // the fiber deletes the job
      while (!try_start(*job)) pause();
      job = next;
    }
  }

  /// false: there is no memory, or no descriptor for the reactor. The job was accepted, so it must run: when there is.
  [[nodiscard]] static bool try_start(Job& job) {
    try {
      FiberReactor* const reactor = FiberReactor::here_if_possible();
      if (reactor != nullptr) job.start(*reactor);
      return reactor != nullptr;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static void pause() {
    FiberParkingSlot nobody_unparks;
    nobody_unparks.park_until(after(clock_now(), std::chrono::milliseconds(10)));
  }

  std::mutex starting_;
  std::atomic<bool> started_{false};  // written under starting_
  std::atomic<Job*> jobs_{nullptr};   // any thread pushes, the service thread takes
  FiberParkingSlot slot_;             // the service thread parks
};

}  // namespace carpool::inline v0_1::detail

/// Every worker is a std::thread and blocks in the kernel.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/posix/backend.hpp>
#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/immortal_mutex.hpp>
#include <carpool/posix/reaper_service.hpp>
#include <carpool/posix/word_atomic.hpp>

#include <functional>
#include <thread>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace carpool::inline v0_1 {

template <class Backend>
class PosixSocket;

/// Threads made by this backend or by anybody else may use a pool on it, also boost::threads and fibers that do not
/// mind blocking their thread. No wait is an interruption point. A thread that uses a pool must not be cancelled with
/// pthread_cancel, unless it disables that meanwhile: some of the system calls in members that are noexcept are
/// cancellation points.
///
/// For all pools of the process there is one thread beside their users', "carpool-reaper". It begins with the first
/// pool, sleeps unless a pool is busy, and ends a second after the last pool. What a pool does in the background is
/// done by threads of its own, "carpool-worker". They are started when there is something to do and end after a second
/// without.
struct ThreadBackend : detail::PosixBackend {
  static constexpr bool concurrent = true;

  template <class T>
  using Atomic = detail::ThreadAtomic<T>;
  using Mutex = ImmortalMutex;
  using ParkingSlot = FutexParkingSlot;
  using Wakeup = FutexWakeup;
  using Socket = PosixSocket<ThreadBackend>;
  using ReaperService = detail::ReaperService;  ///< one thread, "carpool-reaper", for all pools of the process

  /// A thread that is joined when it is let go of: by the destructor or by moving another one here.
  class Task {
   public:
    Task() = default;
    explicit Task(std::thread thread) noexcept : thread_(std::move(thread)) {}  ///< takes a running thread over
    Task(Task&&) noexcept = default;
    Task& operator=(Task&& other) noexcept {
      join();
      thread_ = std::move(other.thread_);
      return *this;
    }
    ~Task() { join(); }

    /// Waits: without a deadline, until the work returns. Idempotent.
    void join() {
      if (thread_.joinable()) thread_.join();
    }

    /// It goes on by itself, and nobody can wait for its end: for who would else have to keep the task, or keep it
    /// within the very function that it runs.
    void detach() {
      if (thread_.joinable()) thread_.detach();
    }

   private:
    std::thread thread_;
  };

  /// Who drops the task waits for its end at once: keep it, or detach() it.
  template <class F>
  [[nodiscard]] static Task spawn(F&& f) {
    return Task(std::thread(std::forward<F>(f)));
  }
  /// For the pool's background workers: they take none of the application's signals.
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& f) {
    const detail::BlockedSignals inherited;
    return spawn([work = std::decay_t<F>(std::forward<F>(f))]() mutable {
      pthread_setname_np(pthread_self(), "carpool-worker");
      std::invoke(std::move(work));
    });
  }
};

}  // namespace carpool::inline v0_1

#include <carpool/posix/socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::ThreadBackend>);

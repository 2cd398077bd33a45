/// Every worker is a std::thread and blocks in the kernel.
#pragma once

#include <carpool/blocked_signals.hpp>
#include <carpool/concepts.hpp>
#include <carpool/futex_parking.hpp>
#include <carpool/lasting_mutex.hpp>
#include <carpool/posix_backend.hpp>
#include <carpool/word_atomic.hpp>

#include <thread>
#include <utility>

namespace carpool {

template <class Backend>
class PosixSocket;

/// Threads made by this backend or by anybody else may use a pool on it, also boost::threads and fibers that do not
/// mind blocking their thread. No wait is a cancellation or interruption point. Beside each pool's own helpers there is
/// one thread for the process, "carpool-ticker", which sleeps unless a pool is busy.
struct ThreadBackend : detail::PosixBackend {
  static constexpr bool concurrent = true;

  template <class T>
  using Atomic = detail::ThreadAtomic<T>;
  using Mutex = LastingMutex;
  using ParkingSlot = FutexParkingSlot;
  using Wakeup = FutexWakeup;
  using Socket = PosixSocket<ThreadBackend>;

  /// A thread that is joined when it is let go of: by the destructor or by moving another one here.
  class Task {
   public:
    Task() = default;
    explicit Task(std::thread thread) noexcept : thread_(std::move(thread)) {}
    Task(Task&&) noexcept = default;
    Task& operator=(Task&& other) noexcept {
      join();
      thread_ = std::move(other.thread_);
      return *this;
    }
    ~Task() { join(); }

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
  /// For the pool's own helpers: they take none of the application's signals.
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& f) {
    detail::Ticker::stand_by();
    const detail::BlockedSignals inherited;
    return spawn(std::forward<F>(f));
  }
};

}  // namespace carpool

#include <carpool/posix_socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::ThreadBackend>);

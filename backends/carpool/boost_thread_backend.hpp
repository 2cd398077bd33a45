/// Every worker is a boost::thread, and whoever waits can be interrupted.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/posix/backend.hpp>
#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/immortal_mutex.hpp>
#include <carpool/posix/reaper_service.hpp>
#include <carpool/posix/word_atomic.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <functional>
#include <type_traits>
#include <utility>

#include <boost/chrono/system_clocks.hpp>
#include <boost/thread/condition_variable.hpp>
#include <boost/thread/lock_types.hpp>
#include <boost/thread/mutex.hpp>
#include <boost/thread/pthread/thread_data.hpp>
#include <boost/thread/thread.hpp>

#include <pthread.h>

namespace carpool::inline v0_1 {

template <class Backend>
class PosixSocket;

namespace detail {

/// A waiter's place to sleep that boost::thread::interrupt() can reach.
class InterruptibleParkingSlot {
 public:
  InterruptibleParkingSlot() = default;
  InterruptibleParkingSlot(const InterruptibleParkingSlot&) = delete;
  InterruptibleParkingSlot& operator=(const InterruptibleParkingSlot&) = delete;

  /// true: took a token, at once if there was one. false: the deadline passed without. An interruption point if it has
  /// to wait: throws boost::thread_interrupted, and a token that came meanwhile stays for the next call.
  bool park_until(TimePoint deadline) {
    boost::unique_lock<boost::mutex> lock(mutex_);
    while (!token_) {
      if (!wait(lock, deadline)) break;
    }
    return std::exchange(token_, false);
  }

  /// Nothing is left for the Wakeup to do. Notifies under the slot's mutex and not from there, because a condition
  /// variable must be alive when it is notified. It is: who takes the token locks that mutex after us. It may then
  /// destroy the slot without any other lock, while we are on our way out of unlock: POSIX allows to destroy a mutex as
  /// soon as it is unlocked.
  FutexWakeup unpark() noexcept {
    const boost::lock_guard<boost::mutex> lock(mutex_);
    if (!token_) token_left_.notify_one();
    token_ = true;
    return {};
  }

 private:
  /// false: the deadline has passed.
  bool wait(boost::unique_lock<boost::mutex>& lock, TimePoint deadline) {
    if (deadline == never) return token_left_.wait(lock), true;
    // Both clocks are CLOCK_MONOTONIC. What lies before its zero is refused by the kernel and is as past as zero.
    using BoostClock = boost::chrono::steady_clock;
    const auto since_start = std::max(deadline.time_since_epoch(), Duration::zero());
    const boost::chrono::time_point<BoostClock, boost::chrono::nanoseconds> until{
        boost::chrono::nanoseconds{since_start.count()}};
    return token_left_.wait_until(lock, until) == boost::cv_status::no_timeout;
  }

  boost::mutex mutex_;
  boost::condition_variable token_left_;  ///< one thread at most waits on it
  bool token_ = false;                    ///< guarded by mutex_
};

}  // namespace detail

/// park_until and sleep_until, and so acquire, are interruption points for boost::threads, whoever made them; other
/// threads may use the pool too and are never interrupted. Waiting for a descriptor, the mutex, unpark and join are not
/// interruption points. The threads beside their users' are as with ThreadBackend, which see also for pthread_cancel.
struct BoostThreadBackend : detail::PosixBackend {
  static constexpr bool concurrent = true;

  template <class T>
  using Atomic = detail::ThreadAtomic<T>;
  /// Not boost::mutex: neither is an interruption point, and this one costs half as much and cannot throw.
  using Mutex = ImmortalMutex;
  using ParkingSlot = detail::InterruptibleParkingSlot;
  using Wakeup = FutexWakeup;  // of the reaper; waiters need none
  using Socket = PosixSocket<BoostThreadBackend>;
  using ReaperService = detail::ReaperService;  ///< ThreadBackend's: one thread for all pools of the process

  /// A thread that is joined when it is let go of: by the destructor or by moving another one here.
  class Task {
   public:
    Task() = default;
    explicit Task(boost::thread thread) noexcept : thread_(std::move(thread)) {}  ///< takes a running thread over
    Task(Task&&) noexcept = default;
    Task& operator=(Task&& other) noexcept {
      join();
      thread_ = std::move(other.thread_);
      return *this;
    }
    ~Task() { join(); }

    /// Asks the task to end at its next interruption point.
    void interrupt() { thread_.interrupt(); }

    /// Waits although the caller may have been interrupted: a destructor must not throw, nor leave the task behind.
    void join() {
      if (!thread_.joinable()) return;
      const boost::this_thread::disable_interruption to_the_end;
      thread_.join();
    }

    /// It goes on by itself, and nobody can wait for its end: for who would else have to keep the task, or keep it
    /// within the very function that it runs.
    void detach() {
      if (thread_.joinable()) thread_.detach();
    }

   private:
    boost::thread thread_;
  };

  using Interruption = boost::thread_interrupted;  ///< ends a wait; acquire(std::error_code&) makes a code of it
  /// While it lives, no wait of this thread is an interruption point; what was asked for meanwhile comes afterwards.
  using Uninterrupted = boost::this_thread::disable_interruption;
  /// For who has caught an Interruption and cannot throw it on: this thread's next interruption point does.
  static void interrupt_again() noexcept {
    auto* const self = boost::detail::get_current_thread_data();
    if (self == nullptr) return;  // not a boost::thread: nobody has interrupted it
    const boost::lock_guard<boost::mutex> lock(self->data_mutex);
    self->interrupt_requested = true;
  }

  /// An interruption point. Sleeps as a waiter does whom nobody knows.
  static void sleep_until(TimePoint deadline) {
    for (ParkingSlot nobody_knows; now() < deadline;) nobody_knows.park_until(deadline);
  }

  /// boost::thread_interrupted ends the task quietly; any other exception that leaves f terminates. Who drops the task
  /// waits for its end at once: keep it, or detach() it.
  template <class F>
  [[nodiscard]] static Task spawn(F&& f) {
    return Task(boost::thread(std::forward<F>(f)));
  }
  /// For the pool's background workers: not to be interrupted, and they take none of the application's signals.
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& f) {
    const detail::BlockedSignals inherited;
    return spawn([work = std::decay_t<F>(std::forward<F>(f))]() mutable {
      pthread_setname_np(pthread_self(), "carpool-worker");
      const boost::this_thread::disable_interruption for_life;
      std::invoke(std::move(work));
    });
  }
};

}  // namespace carpool::inline v0_1

#include <carpool/posix/socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::BoostThreadBackend>);

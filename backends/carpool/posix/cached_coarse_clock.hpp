/// A coarse clock that costs one load while everybody asks for the time.
#pragma once

#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/pinned_object.hpp>
#include <carpool/posix/thread_placement.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>

#include <pthread.h>

namespace carpool::detail {

/// Reading the kernel's coarse clock is a third of a whole acquire and release. So where it is read again and again
/// within one tick, a thread begins to count ticks of its own, 4 ms long: the first who asks in a tick reads the clock
/// and shows what it saw to the others. In a tick in which nobody asks it goes back to sleep. One for the process.
///
/// The time is never ahead, and behind by a tick more than the kernel's, or for as long as the scheduler keeps the
/// ticking thread waiting: it may run on each processor that the process had at its start, but where real-time threads
/// keep all of these busy, it does not. It may go back by a few milliseconds when the ticking begins. The thread is
/// never stopped: a shared object that has the library in it stays loaded from then on.
class CachedCoarseClock {
 public:
  /// Any thread. Inline also where the compiler has enough of inlining: that costs less than a call.
  [[nodiscard, gnu::always_inline]] static TimePoint now() noexcept {
    const std::int64_t shown = shown_.load(std::memory_order_relaxed);
    return shown > 0 ? TimePoint{Duration{shown}} : look(shown);
  }

  /// Makes sure that there is a thread that could tick; where there cannot be, the clock is read each time. Any thread.
  static void ensure_thread() noexcept {
    if (clock_.load(std::memory_order_acquire) != nullptr) return;
    try {
      auto fresh = std::make_unique<CachedCoarseClock>();
      CachedCoarseClock* nobody = nullptr;
      if (!clock_.compare_exchange_strong(nobody, fresh.get(), std::memory_order_acq_rel)) return;
      CachedCoarseClock& mine = *fresh.release();  // for good: threads ask for the time until the very end
      pin_this_object();
      const BlockedSignals inherited;
      std::thread([&mine] { mine.run(); }).detach();
    } catch (const std::exception&) {  // no memory, or no thread to be had: whoever asks reads the clock
    }
  }

  /// There is a thread that could tick.
  [[nodiscard]] static bool has_thread() noexcept { return clock_.load(std::memory_order_relaxed) != nullptr; }
  [[nodiscard]] static bool ticks() noexcept { return shown_.load(std::memory_order_relaxed) != stands_still; }

 private:
  static constexpr std::int64_t stands_still = 0;
  static constexpr auto tick = std::chrono::milliseconds(4);
  static constexpr unsigned often = 64;  // readings of the same time: rousing the thread costs a hundred of them

  struct Streak {
    TimePoint of{};
    unsigned length = 0;
  };

  [[gnu::noinline]] static TimePoint look(std::int64_t shown) noexcept {
    const TimePoint now = clock_coarse_now();
    if (shown == stands_still) {
      note_use(now);
    } else if (!shown_.compare_exchange_strong(shown, now.time_since_epoch().count(), std::memory_order_relaxed)) {
      if (shown > 0) return TimePoint{Duration{shown}};  // as everybody in this tick
    }
    return now;
  }

  static void note_use(TimePoint now) noexcept {
    CachedCoarseClock* const clock = clock_.load(std::memory_order_acquire);
    if (clock == nullptr) return;
    thread_local constinit Streak streak;
    if (streak.of != now) streak = {now, 0};
    if (++streak.length != often) return;
    const FutexWakeup wakeup = clock->bed_.unpark();
  }

  /// Each tick has a number of its own, so that nobody can show in it what was read in an earlier one.
  [[noreturn]] void run() noexcept {
    pthread_setname_np(pthread_self(), "carpool-clock");
    place_at_start_.apply();
    for (std::int64_t number = 0;;) {
      bed_.park_until(never);
      do {
        shown_.store(--number, std::memory_order_relaxed);
        clock_sleep_until(after(clock_now(), tick));
      } while (shown_.load(std::memory_order_relaxed) > 0);
      shown_.store(stands_still, std::memory_order_relaxed);
    }
  }

  /// A forked child has no ticking thread, and must not take the time of the fork for the time of day.
  static void forget_parent() noexcept {
    shown_.store(stands_still, std::memory_order_relaxed);
    clock_.store(nullptr, std::memory_order_relaxed);
  }

  static inline std::atomic<std::int64_t> shown_{stands_still};  // a time; below zero the number of a new tick
  static inline std::atomic<CachedCoarseClock*> clock_{nullptr};
  static inline const ThreadPlacement place_at_start_;
  static inline const int fork_handler_registered_ = pthread_atfork(nullptr, nullptr, forget_parent);

  FutexParkingSlot bed_;
};

}  // namespace carpool::detail

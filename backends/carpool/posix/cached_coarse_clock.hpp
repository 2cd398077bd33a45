/// A coarse clock that costs one load while many callers ask for the time.
#pragma once

#include <carpool/posix/clock.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// Reading the kernel's coarse clock takes a third of a whole acquire and release. So where callers read it again and
/// again within one tick of the kernel, a host thread begins to count ticks of its own, 4 ms long. The first caller in
/// a tick reads the kernel's clock and publishes what it read; the other callers of that tick load it. After a tick in
/// which no caller asked, the host stops ticking and sleeps. One clock for the process; its host is the thread of
/// ReaperService.
///
/// The time is never ahead. It is behind by at most one tick more than the kernel's, or for as long as the scheduler
/// keeps the host waiting: the host may run on each processor that the process had at its start, but where real-time
/// threads keep all of these busy, it does not run. The time may go back by a few milliseconds when ticking begins.
///
/// The published time needs no order: it is a number by itself. What callers and host share besides:
/// (1) attach() releases the host's parking slot; request_ticks() acquires it (2). The slot is never destroyed, so a
///     caller that read the pointer just before detach() unparks a slot that nobody sleeps in, which does nothing.
/// (3) A caller stores ticks_wanted_ before it unparks the host, and the host reads it after it has taken the token:
///     FutexParkingSlot orders the two. A host that reads it late, or clears it while another caller stores it, loses
///     one request; callers repeat theirs in each tick of the kernel in which they ask often.
class CachedCoarseClock {
 public:
  /// Any thread. Inline also where the compiler has enough of inlining: that costs less than a call.
  [[nodiscard, gnu::always_inline]] static TimePoint now() noexcept {
    const std::int64_t published = published_.load(std::memory_order_relaxed);
    return published > 0 ? TimePoint{Duration{published}} : read_clock(published);
  }

  /// A thread could tick. Without one each reading asks the kernel.
  [[nodiscard]] static bool has_thread() noexcept { return host_.load(std::memory_order_relaxed) != nullptr; }
  [[nodiscard]] static bool is_ticking() noexcept { return published_.load(std::memory_order_relaxed) != stands_still; }

  // --- the host: one thread at a time, or two that an outer lock orders --------------------------------

  /// From now on callers unpark this slot when they want ticks. It must never be destroyed.
  static void attach(FutexParkingSlot& host) noexcept { host_.store(&host, std::memory_order_release); }  // (1)
  /// There is no host any more; readings ask the kernel.
  static void detach() noexcept {
    host_.store(nullptr, std::memory_order_relaxed);
    stop_ticking();
  }
  /// Call it after each wake-up. Returns when to call it again; never: when the host has been unparked.
  static TimePoint advance() noexcept {
    const bool wanted = ticks_wanted_.load(std::memory_order_relaxed);  // (3)
    if (wanted) ticks_wanted_.store(false, std::memory_order_relaxed);
    if (next_tick_ == never) {
      if (wanted) begin_tick();
    } else if (next_tick_ <= clock_now()) {
      published_.load(std::memory_order_relaxed) > 0 ? begin_tick() : stop_ticking();
    }
    return next_tick_;
  }

 private:
  static constexpr std::int64_t stands_still = 0;
  static constexpr auto tick = std::chrono::milliseconds(4);
  static constexpr unsigned often = 64;  // readings of the same time: waking the host costs a hundred of them

  struct Streak {
    TimePoint of{};
    unsigned length = 0;
  };

  [[gnu::noinline]] static TimePoint read_clock(std::int64_t published) noexcept {
    const TimePoint now = clock_coarse_now();
    if (published == stands_still) {
      count_reading(now);
    } else if (!published_.compare_exchange_strong(published, now.time_since_epoch().count(),
                                                   std::memory_order_relaxed)) {
      if (published > 0) return TimePoint{Duration{published}};  // what the other callers of this tick get
    }
    return now;
  }

  static void count_reading(TimePoint now) noexcept {
    thread_local constinit Streak streak;
    if (streak.of != now) streak = {now, 0};
    if (++streak.length == often) request_ticks();
  }
  static void request_ticks() noexcept {
    FutexParkingSlot* const host = host_.load(std::memory_order_acquire);  // (2) synchronizes-with (1)
    if (host == nullptr) return;
    ticks_wanted_.store(true, std::memory_order_relaxed);  // (3)
    const FutexWakeup wakeup = host->unpark();
  }

  /// Each tick has a number of its own, so that a caller cannot publish in it what it read in an earlier one.
  static void begin_tick() noexcept {
    published_.store(--number_, std::memory_order_relaxed);
    next_tick_ = after(clock_now(), tick);
  }
  static void stop_ticking() noexcept {
    published_.store(stands_still, std::memory_order_relaxed);
    next_tick_ = never;
  }

  /// A forked child has no host, and must not take the time of the fork for the time of day.
  static void forget_parent() noexcept {
    ticks_wanted_.store(false, std::memory_order_relaxed);
    detach();
  }

  static inline std::atomic<std::int64_t> published_{stands_still};  // a time; below zero the number of a new tick
  static inline std::atomic<FutexParkingSlot*> host_{nullptr};       // written by hosts, read by any thread
  static inline std::atomic<bool> ticks_wanted_{false};              // set by any thread, cleared by the host
  static inline std::int64_t number_ = 0;                            // the host's, as what follows
  static inline TimePoint next_tick_ = never;
  static inline const int fork_handler_registered_ = pthread_atfork(nullptr, nullptr, forget_parent);
};

}  // namespace carpool::inline v0_1::detail

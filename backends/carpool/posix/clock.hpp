/// CLOCK_MONOTONIC as the backends need it: exact, coarse, and as a deadline of a system call.
#pragma once

#include <carpool/time.hpp>

#include <cerrno>
#include <chrono>
#include <ctime>

namespace carpool::inline v0_1::detail {

[[nodiscard]] inline TimePoint time_point_of(const std::timespec& time) noexcept {
  return TimePoint{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
}

/// A length as the kernel takes it. What is negative becomes zero, because the kernel refuses it as invalid.
[[nodiscard]] inline std::timespec timespec_of(Duration length) noexcept {
  const Duration::rep nanoseconds = length > Duration::zero() ? length.count() : 0;
  std::timespec time{};
  time.tv_sec = nanoseconds / 1'000'000'000;
  time.tv_nsec = nanoseconds % 1'000'000'000;
  return time;
}

/// A point in time as the kernel takes it. The clock started at boot, so what lies before its zero is as past as zero.
[[nodiscard]] inline std::timespec timespec_of(TimePoint time) noexcept { return timespec_of(time.time_since_epoch()); }

/// To the nanosecond, for 20 to 25 ns.
[[nodiscard]] inline TimePoint clock_now() noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

/// The same clock as the last tick of the kernel left it: 1 to 10 ms behind, never ahead, for a sixth of the price.
[[nodiscard]] inline TimePoint clock_coarse_now() noexcept {
  std::timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time_point_of(time);
}

/// How long the machine has been suspended since it started, or a little less: CLOCK_MONOTONIC stands still meanwhile
/// and CLOCK_BOOTTIME does not (clock_gettime(2)). That one is read first, so that an interruption in between does not
/// look like sleep.
[[nodiscard]] inline Duration clock_time_suspended() noexcept {
  std::timespec awake_or_not{};
  ::clock_gettime(CLOCK_BOOTTIME, &awake_or_not);
  return time_point_of(awake_or_not) - clock_now();
}

/// How long until the deadline; zero once it has passed, forever for one that never comes.
[[nodiscard]] inline Duration time_left(TimePoint deadline) noexcept {
  if (deadline == never) return forever;
  const TimePoint now = clock_now();
  return deadline > now ? deadline - now : Duration::zero();
}

/// Sleeps until the deadline whatever signals come. An absolute deadline, so that no interruption adds to it.
inline void clock_sleep_until(TimePoint deadline) noexcept {
  const std::timespec time = timespec_of(deadline);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
  }
}

}  // namespace carpool::inline v0_1::detail

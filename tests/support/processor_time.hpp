/// What a thread has cost, however busy the machine is.
#pragma once

#include <chrono>
#include <ctime>

/// How long this thread has been running on a processor.
[[nodiscard]] inline std::chrono::nanoseconds time_on_processor() {
  std::timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Where a thread of the library's own runs, whoever started it.
#pragma once

#include <pthread.h>
#include <sched.h>

namespace carpool::inline v0_1::detail {

/// A thread inherits the affinity and the scheduling policy of the one that starts it, which may be pinned to one
/// processor and be about to keep it busy in real time. This is what the process had before main(), or when the shared
/// object was loaded.
class ThreadPlacement {
 public:
  ThreadPlacement() noexcept : known_(::sched_getaffinity(0, sizeof processors_, &processors_) == 0) {}

  /// The running thread's from now on: these processors, in time-sharing. What is refused stays as it was inherited.
  void apply() const noexcept {
    const sched_param ordinary{};
    ::pthread_setschedparam(::pthread_self(), SCHED_OTHER, &ordinary);
    if (known_) ::pthread_setaffinity_np(::pthread_self(), sizeof processors_, &processors_);
  }

 private:
  cpu_set_t processors_{};
  bool known_;  // not on machines with more than 1,024 processors
};

}  // namespace carpool::inline v0_1::detail

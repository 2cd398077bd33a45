/// What tests do to their own process: count its descriptors, fork it, storm it with signals.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/// Open now, the one that counts them not included.
[[nodiscard]] inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator here("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(here), end(here))) - 1;
}

/// How a forked child ended: by an exit code, or by a signal (negative).
template <class Work>
[[nodiscard]] int run_in_forked_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());  // no destructors, and no word of the parent's test to anybody
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// A thousand alarms a second while it lives, none of which restarts the system call that it interrupts.
class AlarmStorm {
 public:
  AlarmStorm() {
    struct sigaction action{};
    action.sa_handler = [](int) { alarms_.fetch_add(1, std::memory_order_relaxed); };
    ::sigaction(SIGALRM, &action, &before_);
    const itimerval every_millisecond{{0, 1000}, {0, 1000}};
    ::setitimer(ITIMER_REAL, &every_millisecond, nullptr);
  }
  AlarmStorm(const AlarmStorm&) = delete;
  AlarmStorm& operator=(const AlarmStorm&) = delete;
  ~AlarmStorm() {
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

  [[nodiscard]] static int alarms() { return alarms_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<int> alarms_ = 0;  // the signal comes to any thread
  struct sigaction before_{};
};

/// What the laws of the backends share: the suite's name and a few ways to build a situation.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <signal.h>

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test header

template <class Backend>
class BackendConformance : public ::testing::Test {};
TYPED_TEST_SUITE_P(BackendConformance);

/// Names the instances by the backend: BackendConformance/ThreadBackend.
struct BackendName {
  template <class Backend>
  static std::string GetName(int) {
    constexpr std::string_view function = __PRETTY_FUNCTION__;
    constexpr std::string_view parameter = "Backend = carpool::";
    constexpr std::size_t from = function.find(parameter) + parameter.size();
    return std::string(function.substr(from, function.find_first_of("];", from) - from));
  }
};

/// Leaves a token and wakes at once. (Backend's unpark leaves the waking to the end of the Wakeup's life.)
template <class Slot>
void unpark_and_wake(Slot& slot) {
  [[maybe_unused]] const auto wakeup = slot.unpark();
}

/// Lets a token be left by one task while its slot lives in another: the rule that the pool keeps with its own lock.
template <class Backend>
class Lock {
 public:
  explicit Lock(typename Backend::Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { mutex_.unlock(); }

 private:
  typename Backend::Mutex& mutex_;
};

/// The smallest lateness of five tries: one of them finds the machine quiet enough.
template <class Backend, class Wait>
carpool::Duration smallest_lateness(Wait wait) {
  carpool::Duration smallest = carpool::forever;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const carpool::TimePoint deadline = Backend::now() + 10ms;
    wait(deadline);
    const carpool::TimePoint end = Backend::now();
    EXPECT_GE(end, deadline) << "ended before its deadline";
    smallest = std::min(smallest, end - deadline);
  }
  return smallest;
}

/// A thousand alarms a second while it lives, none of which restarts the system call that it interrupts.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &before_);
    const itimerval every_millisecond{{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &every_millisecond, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;
  ~SignalStorm() {
    const itimerval off{};
    setitimer(ITIMER_REAL, &off, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
};

/// Runs a check in a forked child and says whether it held there. The child leaves without destructors.
template <class Check>
[[nodiscard]] bool holds_in_forked_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? EXIT_SUCCESS : EXIT_FAILURE);
  int status = -1;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

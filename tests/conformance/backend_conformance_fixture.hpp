/// What the laws of the backends share: the suite's name and a few ways to build a situation.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test header

template <class Backend>
class BackendConformance : public ::testing::Test {};
TYPED_TEST_SUITE_P(BackendConformance);

/// Names the instances by the backend: BackendConformance/ThreadBackend.
struct BackendName {
  template <class Backend>
  static std::string GetName(int) {
    constexpr std::string_view function = __PRETTY_FUNCTION__;
    constexpr std::string_view parameter = "Backend = ";
    constexpr std::size_t from = function.find(parameter) + parameter.size();
    constexpr std::string_view name = function.substr(from, function.find_first_of("];", from) - from);
    return std::string(name.substr(name.rfind(':') + 1));  // GoogleTest's filters are separated by colons
  }
};

/// Whether all its workers are one OS thread in which no real time passes: it has no signals and cannot block.
template <class Backend>
inline constexpr bool is_simulated = requires { requires Backend::simulated; };

/// Leaves a token and wakes at once: the waking proper is done when the Wakeup's life ends.
template <class Slot>
void unpark_and_wake(Slot& slot) {
  [[maybe_unused]] const auto wakeup = slot.unpark();
}

/// A scope in which the mutex is held.
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

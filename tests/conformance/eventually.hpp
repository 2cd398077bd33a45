/// A wait for a condition, for every test: it ends as soon as the condition holds.
#pragma once

#include <carpool/time.hpp>

#include <chrono>

/// Waits by the backend's clock, so that a fiber holds up no other. False where condition() does not hold within 30 s.
/// Where no background worker runs, the pools that are named do their maintenance meanwhile.
template <class Backend, class Condition, class... Pools>
[[nodiscard]] bool eventually(Condition condition, Pools&... pools) {
  const carpool::TimePoint end = Backend::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (Backend::now() >= end) return false;
    if constexpr (!Backend::concurrent) (static_cast<void>(pools.reap()), ...);
    Backend::sleep_until(Backend::now() + std::chrono::microseconds(200));
  }
  return true;
}

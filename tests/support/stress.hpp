/// How much a stress test does: CARPOOL_STRESS=10 in the environment makes it ten times as much, 0.1 a tenth.
#pragma once

#include "callers_await.hpp"
#include "sanitizer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

/// The cycles to run; a sanitizer, which makes each cost ten times as much, gets a tenth of them, and what is run a
/// second time with callers that await, a fifth.
[[nodiscard]] inline std::uint64_t stress_cycles(std::uint64_t cycles) {
  const double part = callers_await == CallersAwait::none ? 1.0 : 0.2;
  const double share = (CARPOOL_SANITIZED ? 0.1 : 1.0) * part;
  const char* const factor = std::getenv("CARPOOL_STRESS");
  const double wanted =
      static_cast<double>(cycles) * share * (factor == nullptr ? 1.0 : std::max(0.0, std::atof(factor)));
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
}

/// The one clock of the library: monotonic, in nanoseconds, with absence and eternity spelled out.
#pragma once

#include <chrono>

namespace carpool {

/// A length of time. Every option that is a time has this type, so a bare number does not compile.
using Duration = std::chrono::nanoseconds;

/// A point on the backend's monotonic clock. The type is std::chrono's steady clock's; the value comes
/// from Backend::now() alone, so that a simulator can make it up.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// "No limit" as a length: where a bounded time is meant, this is refused by PoolOptions.
inline constexpr Duration forever = Duration::max();

/// "No limit" as a deadline.
inline constexpr TimePoint never = TimePoint::max();

/// start + length without overflow: forever, or anything past the clock's end, becomes never.
[[nodiscard]] [[gnu::always_inline]] constexpr TimePoint after(TimePoint start, Duration length) noexcept {
  if (length <= Duration::zero()) return start;
  return length == forever || start > never - length ? never : start + length;
}

}  // namespace carpool

/// The one clock of the library: monotonic, in nanoseconds, with absence and eternity spelled out.
#pragma once

#include <chrono>
#include <ratio>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// A length of time. Every option that is a time has this type, so a bare number does not compile.
using Duration = std::chrono::nanoseconds;

/// A point on the backend's monotonic clock. The type is std::chrono's steady clock's; the value comes
/// from Backend::now() alone, so that a simulator can make it up.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// "No limit" as a length: where a bounded time is meant, this is refused by PoolOptions.
inline constexpr Duration forever = Duration::max();

/// "No limit" as a deadline.
inline constexpr TimePoint never = TimePoint::max();

namespace detail {

/// The nearest Duration, where std::chrono's own conversion would overflow; a length that is no number is none.
template <class Rep, class Period>
[[nodiscard]] constexpr Duration saturate(std::chrono::duration<Rep, Period> length) noexcept {
  using Factor = std::ratio_divide<Period, Duration::period>;
  const Rep count = length.count();
  if constexpr (std::is_integral_v<Rep> && Factor::den == 1) {
    if (std::cmp_greater(count, Duration::max().count() / Factor::num)) return Duration::max();
    if (std::cmp_less(count, Duration::min().count() / Factor::num)) return Duration::min();
    return Duration(static_cast<Duration::rep>(count) * Factor::num);
  } else {
    const auto given = static_cast<long double>(count);
    if (!(given <= 0) && !(given >= 0)) return Duration::zero();
    const long double exact = given * Factor::num / Factor::den;
    if (exact >= static_cast<long double>(Duration::max().count())) return Duration::max();
    if (exact <= static_cast<long double>(Duration::min().count())) return Duration::min();
    return Duration(static_cast<Duration::rep>(exact));
  }
}

}  // namespace detail

/// A Duration made of any std::chrono::duration: what is too long for nanoseconds (292 years), such as
/// std::chrono::hours::max(), is carpool::forever, and not the overflow that std::chrono would make of it.
struct SaturatedDuration : Duration {
  constexpr SaturatedDuration() noexcept : Duration(Duration::zero()) {}
  /// From any unit, rounded towards zero; a length that is NaN becomes 0.
  template <class Rep, class Period>
  constexpr SaturatedDuration(
      std::chrono::duration<Rep, Period> length) noexcept  // NOLINT(google-explicit-constructor)
      : Duration(detail::saturate(length)) {}
};

/// start + length without overflow: forever, or anything past the clock's end, becomes never.
[[nodiscard]] [[gnu::always_inline]] constexpr TimePoint after(TimePoint start, Duration length) noexcept {
  if (length <= Duration::zero()) return start;
  return length == forever || start > never - length ? never : start + length;
}

}  // namespace carpool::inline v0_1

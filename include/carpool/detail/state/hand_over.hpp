/// Whom an idle connection is for: laws 3 and 8 on plain values.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>

namespace carpool::inline v0_1::detail {

/// Law 3: so many of the first waiters own a connection, or have been told to look.
[[nodiscard]] constexpr std::size_t waiters_to_serve(std::size_t waiters, std::size_t idle) noexcept {
  return std::min(waiters, idle);
}

/// Law 8: a waiter that came at `since` is not overtaken any more. With handoff_after zero it never is.
[[nodiscard]] constexpr bool is_overdue(TimePoint since, Duration handoff_after, TimePoint now) noexcept {
  return handoff_after == Duration::zero() || now >= after(since, handoff_after);
}

/// What a waiter gets whose turn it is.
enum class Service : bool {
  look,   ///< it is told to look, and races with running callers: that keeps throughput up
  grant,  ///< the connection is handed over to it
};
[[nodiscard]] constexpr Service service_for(bool overdue) noexcept { return overdue ? Service::grant : Service::look; }

/// Whether a caller may take an idle connection by itself, where `others_first` waiters stand before it and the first
/// of them is overdue or not.
[[nodiscard]] constexpr bool may_take(bool others_first, bool first_is_overdue) noexcept {
  return !others_first || service_for(first_is_overdue) == Service::look;
}

}  // namespace carpool::inline v0_1::detail

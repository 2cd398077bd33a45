/// How many connects to one endpoint should start, and of which kind: law 9 on plain numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace carpool::inline v0_1::detail {

/// What one endpoint wants, and what there is or is coming.
struct Demand {
  std::size_t waiters = 0;
  std::size_t idle_wanted = 0;  ///< beside what the waiters need
  std::size_t idle = 0;
  std::size_t connecting = 0;  ///< connects in flight, of today's generation
  std::size_t outdated = 0;    ///< of an older generation: nobody's supply
  std::size_t limit = 0;       ///< how many connects may be in flight
};

/// Which of the ConnectPlanner's lists an endpoint stands in.
enum class ConnectPlan : std::uint8_t {
  none,            ///< it wants no connect, or has as many in flight as it may
  waited_for,      ///< a caller waits for a connect that may start
  for_idle,        ///< nobody waits, but idle connections are to be opened
  probe,           ///< as waited_for, after a failure
  probe_for_idle,  ///< as for_idle, after a failure
  paused,          ///< it wants a connect, and its breaker says: not yet
  remembered,      ///< nobody wants anything of it; it is kept for what its breaker knows
};
inline constexpr std::size_t connect_plan_count = 7;

[[nodiscard]] constexpr std::size_t lacking(std::size_t wanted, std::size_t supply) noexcept {
  return wanted > supply ? wanted - supply : 0;
}
/// A prewarm may ask for any number.
[[nodiscard]] constexpr std::size_t saturating_sum(std::size_t left, std::size_t right) noexcept {
  return left + std::min(right, std::numeric_limits<std::size_t>::max() - left);
}
[[nodiscard]] constexpr std::size_t wanted(const Demand& demand) noexcept {
  return saturating_sum(demand.waiters, demand.idle_wanted);
}
/// How many more connects somebody would use: those who wait, and the idle ones wanted, less what is there or coming.
[[nodiscard]] constexpr std::size_t deficit(const Demand& demand) noexcept {
  return lacking(wanted(demand), demand.idle + demand.connecting);
}
/// How many wait for whom nothing is there or coming.
[[nodiscard]] constexpr std::size_t unsupplied(const Demand& demand) noexcept {
  return lacking(demand.waiters, demand.idle + demand.connecting);
}

/// How many more connects to one endpoint may start: `allowed` at once, of which those of an older generation count as
/// far as they leave one for today's.
[[nodiscard]] constexpr std::size_t connects_allowed(std::size_t allowed, std::size_t connecting,
                                                     std::size_t outdated) noexcept {
  if (allowed == 0) return 0;
  const std::size_t running = connecting + std::min(outdated, allowed - 1);
  return allowed > running ? allowed - running : 0;
}
/// Law 9: as many as somebody would use, and no more than may be in flight.
[[nodiscard]] constexpr std::size_t connects_to_start(const Demand& demand) noexcept {
  return std::min(deficit(demand), connects_allowed(demand.limit, demand.connecting, demand.outdated));
}

/// Of an endpoint that wants a connect and does not pause. `healthy`: no attempt has failed since the last success;
/// `proven`: one has succeeded, ever.
[[nodiscard]] constexpr ConnectPlan plan_of(const Demand& demand, bool healthy, bool proven) noexcept {
  if (connects_to_start(demand) == 0) return ConnectPlan::none;
  if (unsupplied(demand) > 0) return healthy ? ConnectPlan::waited_for : ConnectPlan::probe;
  if (demand.connecting > 0 && !proven) return ConnectPlan::none;  // wrong credentials cost one log-in
  return healthy ? ConnectPlan::for_idle : ConnectPlan::probe_for_idle;
}

}  // namespace carpool::inline v0_1::detail

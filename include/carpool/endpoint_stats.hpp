/// One consistent snapshot of a pool's endpoints.
#pragma once

#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

/// Of an endpoint's circuit breaker. It opens when a series of connects has failed.
enum class BreakerState : std::uint8_t {
  closed,     ///< connects start as they are needed
  open,       ///< none starts before retry_after is over
  half_open,  ///< one probe at a time may start; the first success closes the breaker
};

/// The name as it stands in reports and metrics.
[[nodiscard]] constexpr std::string_view to_string(BreakerState state) noexcept {
  constexpr std::string_view names[] = {"closed", "open", "half_open"};
  return names[static_cast<std::size_t>(state)];
}

/// What the pool keeps for one target; a pool without targets has one endpoint. Stale as soon as it is returned.
struct EndpointStats {
  std::string server;                           ///< in the connector's words: "127.0.0.1:6379"; empty where it has none
  std::size_t connections = 0;                  ///< that exist or are being made
  std::size_t idle = 0;                         ///< but for those that rest in a worker's cache
  std::size_t connecting = 0;                   ///< being made
  std::size_t waiting = 0;                      ///< callers that wait
  Duration oldest_wait{};                       ///< for how long the first of them has waited; 0 where nobody waits
  BreakerState breaker = BreakerState::closed;  ///< whether connects may start
  Duration retry_after{};                       ///< while the breaker is open: until the next probe
  std::string last_error;  ///< of the last connect that failed since one succeeded; empty where there is none
};

}  // namespace carpool::inline v0_1

/// Whether a pool could serve a caller now.
#pragma once

#include <carpool/endpoint_stats.hpp>
#include <carpool/pool_stats.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Why not, in words; empty where it could. A breaker that waits for its probe counts as open: until that has succeeded
/// nothing is known to be better.
[[nodiscard]] inline std::string_view why_not_ready(const PoolStats& stats,
                                                    const std::vector<EndpointStats>& endpoints) noexcept {
  if (stats.closed) return "closed or draining";
  if (stats.suspended) return "suspended";
  const auto is_open = [](const EndpointStats& endpoint) { return endpoint.breaker != BreakerState::closed; };
  if (!endpoints.empty() && std::all_of(endpoints.begin(), endpoints.end(), is_open))
    return "breaker open on every endpoint";
  return {};
}

}  // namespace carpool::inline v0_1::detail

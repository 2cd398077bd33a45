/// A pool's endpoints as a scrape names them: one for each server, and no more than Prometheus should keep apart.
#pragma once

#include <carpool/endpoint_stats.hpp>
#include <carpool/prometheus/detail/label_text.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Those that the connector describes in the same words are one: two series of one name would spoil the scrape.
struct ServerCounts {
  std::string server;
  std::size_t idle = 0;
  std::size_t active = 0;
  std::size_t waiting = 0;
  BreakerState breaker = BreakerState::closed;  // the worst: open, half_open, closed
};

[[nodiscard]] inline int severity(BreakerState state) noexcept {
  return state == BreakerState::open ? 2 : state == BreakerState::half_open ? 1 : 0;
}

[[nodiscard]] inline std::vector<ServerCounts> servers_of(const std::vector<EndpointStats>& endpoints) {
  std::vector<ServerCounts> all;
  all.reserve(endpoints.size());
  for (const EndpointStats& each : endpoints) {
    const std::size_t active = each.connections - std::min(each.connections, each.idle + each.connecting);
    all.push_back({label_text(each.server), each.idle, active, each.waiting, each.breaker});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.server < b.server; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    ServerCounts& last = all[kept];
    if (all[i].server != last.server) {
      if (++kept != i) all[kept] = std::move(all[i]);
      continue;
    }
    last.idle += all[i].idle;
    last.active += all[i].active;
    last.waiting += all[i].waiting;
    if (severity(all[i].breaker) > severity(last.breaker)) last.breaker = all[i].breaker;
  }
  all.resize(std::min(all.size(), kept + 1));
  return all;
}

/// The first `most` by trouble: open breakers, then waiters, then connections.
inline void keep_the_busiest(std::vector<ServerCounts>& all, std::size_t most) {
  if (all.size() <= most) return;
  const auto rank = [](const ServerCounts& each) {
    return std::tuple(severity(each.breaker), each.waiting, each.active, each.idle);
  };
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end(),
                   [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  all.resize(most);
}

/// "10.0.0.7:8080" as its address and its port, "[::1]:80" without the brackets; what has no port is the address.
[[nodiscard]] inline std::pair<std::string_view, std::string_view> address_and_port(std::string_view server) noexcept {
  const std::size_t colon = server.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : server.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) return {server, {}};
  std::string_view address = server.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return {address, port};
}

}  // namespace carpool::inline v0_1::detail

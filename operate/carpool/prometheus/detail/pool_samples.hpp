/// What one pool has to say for each family.
#pragma once

#include <carpool/metrics/bounds.hpp>
#include <carpool/observer.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/pool_stats.hpp>
#include <carpool/prometheus/detail/families.hpp>
#include <carpool/prometheus/detail/histogram.hpp>
#include <carpool/prometheus/detail/label_text.hpp>
#include <carpool/prometheus/detail/server_counts.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

class PoolSamples {
 public:
  PoolSamples(Families& families, std::string_view name) : families_(families), name_(label_text(name)) {}

  /// `servers`: how many are told apart at most.
  void add(const WatchedPool& pool, bool is_http, std::size_t servers) {
    const PoolStats stats = pool.stats();
    const auto metrics = pool.metrics();
    const std::vector<EndpointStats> endpoints = pool.endpoints();
    auto by_server = servers_of(endpoints);
    if (is_http) {
      add_http(stats, by_server, servers);
    } else {
      add_states(stats);
    }
    add_limits(stats, pool.options());
    add_counts(stats);
    add_endpoints(endpoints);
    if (metrics) {
      add_metrics(*metrics);
      if (is_http) add(Family::http_connection_duration, to_prometheus(metrics->connection_duration, long_bounds));
    } else {
      add(Family::connect_failures, static_cast<double>(stats.connect_failures), {{"class", "unknown"}});
    }
    keep_the_busiest(by_server, servers);
    for (const ServerCounts& each : by_server) add_breaker(each);
  }

 private:
  using Label = Families::Label;

  template <class Value>
  void add(Family family, Value value, std::vector<Label> more = {}) {
    std::vector<Label> labels = {{"db_client_connection_pool_name", name_}};
    std::move(more.begin(), more.end(), std::back_inserter(labels));
    families_.add(family, std::move(labels), std::move(value));
  }
  template <class Count>
  void add_count(Family family, Count count, std::vector<Label> more = {}) {
    add(family, static_cast<double>(count), std::move(more));
  }
  /// One series for each value of an enum, whose names to_string has.
  template <class Which, std::size_t size>
  void add_row(Family family, const std::array<std::uint64_t, size>& row, const char* label) {
    for (std::size_t i = 0; i < size; ++i)
      add_count(family, row[i], {{label, std::string(to_string(static_cast<Which>(i)))}});
  }

  void add_states(const PoolStats& stats) {
    const auto in_state = [&](const char* state, std::size_t count) {
      add_count(Family::connection_count, count, {{"db_client_connection_state", state}});
    };
    in_state("idle", stats.idle);
    in_state("used", stats.in_use);
    in_state("connecting", stats.connecting);  // these two are ours, as the conventions allow
    in_state("closing", stats.closing);
  }
  /// Of one server the pool's own numbers: of several, a cached connection counts as active.
  void add_http(const PoolStats& stats, std::vector<ServerCounts> by_server, std::size_t servers) {
    if (by_server.size() == 1) by_server[0].idle = stats.idle, by_server[0].active = stats.in_use;
    keep_the_busiest(by_server, servers);
    for (const ServerCounts& each : by_server) {
      const auto [address, port] = address_and_port(each.server);
      for (const auto& [state, count] : {std::pair("idle", each.idle), std::pair("active", each.active)})
        add_count(Family::http_open_connections, count,
                  {{"http_connection_state", state},
                   {"server_address", std::string(address)},
                   {"server_port", std::string(port)}});
    }
  }
  void add_limits(const PoolStats& stats, const PoolOptions& options) {
    add_count(Family::max, stats.max_size);
    add_count(Family::idle_max, std::min(stats.max_size, options.max_idle.value_or(stats.max_size)));
    add_count(Family::idle_min, options.min_idle);
    add_count(Family::suspended, stats.suspended ? 1 : 0);
    add_count(Family::closed, stats.closed ? 1 : 0);
  }
  void add_counts(const PoolStats& stats) {
    add_count(Family::pending_requests, stats.waiting);
    add_count(Family::timeouts, stats.timeouts);
    add_count(Family::leases, stats.acquired);
    add_count(Family::cache_hits, stats.cache_hits);
    add_count(Family::connections_created, stats.created);
    add_row<CloseReason>(Family::connections_closed, stats.closed_by_reason, "reason");
  }
  void add_metrics(const PoolMetrics& metrics) {
    add(Family::create_time, to_prometheus(metrics.create_time, short_bounds));
    add(Family::wait_time, to_prometheus(metrics.wait_time, short_bounds));
    add(Family::use_time, to_prometheus(metrics.use_time, short_bounds));
    add_row<AcquireFailure>(Family::acquire_failures, metrics.acquire_failures, "reason");
    add_row<ConnectFailureClass>(Family::connect_failures, metrics.connect_failures, "class");
    add_count(Family::leaks_suspected, metrics.leaks_suspected);
  }
  void add_endpoints(const std::vector<EndpointStats>& endpoints) {
    Duration oldest{};
    std::array<std::uint64_t, 3> states{};
    for (const EndpointStats& each : endpoints) {
      oldest = std::max(oldest, each.oldest_wait);
      ++states[static_cast<std::size_t>(each.breaker)];
    }
    add(Family::oldest_wait, seconds(oldest));
    add_row<BreakerState>(Family::endpoints, states, "state");
  }
  void add_breaker(const ServerCounts& server) {
    for (const BreakerState state : {BreakerState::closed, BreakerState::open, BreakerState::half_open})
      add_count(Family::breaker_state, server.breaker == state ? 1 : 0,
                {{"server", server.server}, {"state", std::string(to_string(state))}});
  }

  Families& families_;
  const std::string name_;
};

}  // namespace carpool::inline v0_1::detail

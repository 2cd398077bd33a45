/// The families of metrics: their names, and what has been said for each so far.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

namespace carpool::inline v0_1::detail {

/// In the order of family_kinds.
enum class Family : std::uint8_t {
  connection_count,
  idle_max,
  idle_min,
  max,
  pending_requests,
  timeouts,
  create_time,
  wait_time,
  use_time,
  http_open_connections,
  http_connection_duration,
  leases,
  cache_hits,
  acquire_failures,
  connections_created,
  connections_closed,
  connect_failures,
  leaks_suspected,
  oldest_wait,
  endpoints,
  breaker_state,
  suspended,
  closed,
};

struct FamilyKind {
  std::string_view name;
  prometheus::MetricType type;
  std::string_view help;
};

/// The first ones are OpenTelemetry's, of its semantic conventions 1.39 for database clients' connection pools and for
/// HTTP clients, spelled by its rules for Prometheus ("Prometheus and OpenMetrics Compatibility"): _ for each dot,
/// units in words, _total for what only grows, and an UpDownCounter is a gauge.
inline constexpr std::array<FamilyKind, 23> family_kinds = {{
    {"db_client_connection_count", prometheus::MetricType::Gauge, "Connections that are in that state."},
    {"db_client_connection_idle_max", prometheus::MetricType::Gauge, "Idle connections that are kept at most."},
    {"db_client_connection_idle_min", prometheus::MetricType::Gauge, "Idle connections that are kept ready."},
    {"db_client_connection_max", prometheus::MetricType::Gauge, "Connections that may exist at once."},
    {"db_client_connection_pending_requests", prometheus::MetricType::Gauge, "Callers that wait for a connection."},
    {"db_client_connection_timeouts_total", prometheus::MetricType::Counter, "Acquires that ended by their deadline."},
    {"db_client_connection_create_time_seconds", prometheus::MetricType::Histogram, "Time of connects that succeeded."},
    {"db_client_connection_wait_time_seconds", prometheus::MetricType::Histogram, "Time until callers had a lease."},
    {"db_client_connection_use_time_seconds", prometheus::MetricType::Histogram, "Time of leases that have ended."},
    {"http_client_open_connections", prometheus::MetricType::Gauge, "HTTP connections that are active or idle."},
    {"http_client_connection_duration_seconds", prometheus::MetricType::Histogram, "Lives of closed HTTP connections."},
    {"carpool_leases_total", prometheus::MetricType::Counter, "Leases given."},
    {"carpool_cache_hits_total", prometheus::MetricType::Counter, "Leases that a worker took from its own cache."},
    {"carpool_acquire_failures_total", prometheus::MetricType::Counter, "Acquires that gave no lease."},
    {"carpool_connections_created_total", prometheus::MetricType::Counter, "Connects that succeeded."},
    {"carpool_connections_closed_total", prometheus::MetricType::Counter, "Connections that were closed."},
    {"carpool_connect_failures_total", prometheus::MetricType::Counter, "Attempts to connect that failed."},
    {"carpool_leaks_suspected_total", prometheus::MetricType::Counter, "Leases out for longer than the threshold."},
    {"carpool_oldest_wait_seconds", prometheus::MetricType::Gauge, "Time that the first in line has waited."},
    {"carpool_endpoints", prometheus::MetricType::Gauge, "Servers whose circuit breaker is in that state."},
    {"carpool_breaker_state", prometheus::MetricType::Gauge,
     "1 for the state of the server's circuit breaker, else 0."},
    {"carpool_pool_suspended", prometheus::MetricType::Gauge, "1 while the pool is suspended, else 0."},
    {"carpool_pool_closed", prometheus::MetricType::Gauge, "1 once the pool is closed or draining, else 0."},
}};

/// What one look at all pools has given.
class Families {
 public:
  using Label = prometheus::ClientMetric::Label;

  void add(Family family, std::vector<Label> labels, double value) {
    prometheus::ClientMetric& metric = metric_of(family, std::move(labels));
    (kind_of(family).type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
  void add(Family family, std::vector<Label> labels, prometheus::ClientMetric::Histogram histogram) {
    metric_of(family, std::move(labels)).histogram = std::move(histogram);
  }

  /// Those of which there is something to say. Once.
  [[nodiscard]] std::vector<prometheus::MetricFamily> take() {
    std::vector<prometheus::MetricFamily> all;
    for (std::size_t i = 0; i < family_kinds.size(); ++i) {
      if (metrics_[i].empty()) continue;
      const FamilyKind& kind = family_kinds[i];
      all.push_back({std::string(kind.name), std::string(kind.help), kind.type, std::move(metrics_[i])});
    }
    return all;
  }

 private:
  [[nodiscard]] static const FamilyKind& kind_of(Family family) noexcept {
    return family_kinds[static_cast<std::size_t>(family)];
  }
  [[nodiscard]] prometheus::ClientMetric& metric_of(Family family, std::vector<Label> labels) {
    prometheus::ClientMetric& metric = metrics_[static_cast<std::size_t>(family)].emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::array<std::vector<prometheus::ClientMetric>, family_kinds.size()> metrics_;
};

}  // namespace carpool::inline v0_1::detail

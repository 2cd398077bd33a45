/// Readings of pools as OTLP has them.
#pragma once

#include <carpool/otlp/detail/metric_writer.hpp>
#include <carpool/otlp/detail/pool_readings.hpp>
#include <carpool/otlp/detail/resource.hpp>
#include <carpool/otlp/options.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// A point for each entry of a table that an enumeration indexes.
template <class Which, class Table, class Point>
void encode_table(const Table& table, Point& point, std::string_view key) {
  for (std::size_t i = 0; i < table.size(); ++i) point(table[i], key, to_string(static_cast<Which>(i)));
}

inline constexpr std::string_view state_key = "db.client.connection.state";

inline void encode_states(MetricWriter& writer) {
  constexpr auto form = MetricForm::up_down;
  writer.metric({"db.client.connection.count", "{connection}", "Connections by state", form}, [](auto& r, auto& point) {
    point(r.stats.idle, state_key, "idle");
    point(r.stats.in_use, state_key, "used");
    point(r.stats.connecting, state_key, "connecting");  // these two are ours, as the conventions allow
    point(r.stats.closing, state_key, "closing");
  });
  writer.metric({"db.client.connection.pending_requests", "{request}", "Callers that wait", form},
                [](auto& r, auto& point) { point(r.stats.waiting); });
}
inline void encode_limits(MetricWriter& writer) {
  constexpr auto form = MetricForm::up_down;
  writer.metric({"db.client.connection.max", "{connection}", "Connections that may exist at once", form},
                [](auto& r, auto& point) { point(r.stats.max_size); });
  writer.metric({"db.client.connection.idle.max", "{connection}", "Idle connections that are kept", form},
                [](auto& r, auto& point) { point(r.max_idle); });
  writer.metric({"db.client.connection.idle.min", "{connection}", "Idle connections that are kept ready", form},
                [](auto& r, auto& point) { point(r.min_idle); });
  writer.metric({"carpool.pool_suspended", "1", "1 while the pool is suspended", MetricForm::gauge},
                [](auto& r, auto& point) { point(r.stats.suspended ? 1 : 0); });
  writer.metric({"carpool.pool_closed", "1", "1 once the pool is closed or draining", MetricForm::gauge},
                [](auto& r, auto& point) { point(r.stats.closed ? 1 : 0); });
}

inline void encode_counts(MetricWriter& writer) {
  constexpr auto form = MetricForm::counter;
  writer.metric({"db.client.connection.timeouts", "{timeout}", "Acquires that timed out", form},
                [](auto& r, auto& point) { point(r.stats.timeouts); });
  writer.metric({"carpool.leases", "{lease}", "Leases given", form},
                [](auto& r, auto& point) { point(r.stats.acquired); });
  writer.metric({"carpool.cache_hits", "{lease}", "Leases that a worker took from its own cache", form},
                [](auto& r, auto& point) { point(r.stats.cache_hits); });
  writer.metric({"carpool.connections_created", "{connection}", "Connects that succeeded", form},
                [](auto& r, auto& point) { point(r.stats.created); });
  writer.metric({"carpool.connections_closed", "{connection}", "Connections closed, by reason", form},
                [](auto& r, auto& point) { encode_table<CloseReason>(r.stats.closed_by_reason, point, "reason"); });
}
/// Of pools that have a MetricsObserver.
inline void encode_failures(MetricWriter& writer) {
  constexpr auto form = MetricForm::counter;
  writer.metric({"carpool.connect_failures", "{connect}", "Connects that failed, by class", form},
                [](auto& r, auto& point) {
                  if (r.metrics) encode_table<ConnectFailureClass>(r.metrics->connect_failures, point, "class");
                });
  writer.metric({"carpool.acquire_failures", "{acquire}", "Acquires that gave no lease, by reason", form},
                [](auto& r, auto& point) {
                  if (r.metrics) encode_table<AcquireFailure>(r.metrics->acquire_failures, point, "reason");
                });
  writer.metric({"carpool.leaks_suspected", "{lease}", "Leases out past leak_detection_threshold", form},
                [](auto& r, auto& point) {
                  if (r.metrics) point(r.metrics->leaks_suspected);
                });
}

inline constexpr std::size_t most_servers = 100;  // of a pool, that have a series of their own

inline void encode_endpoints(MetricWriter& writer) {
  writer.metric({"carpool.oldest_wait", "s", "For how long the first waiter has waited", MetricForm::gauge},
                [](auto& r, auto& point) {
                  Duration oldest{};
                  for (const EndpointStats& each : r.endpoints) oldest = std::max(oldest, each.oldest_wait);
                  point.seconds(oldest);
                });
  writer.metric({"carpool.breaker_open", "1", "1 while the server's circuit breaker is open", MetricForm::gauge},
                [](auto& r, auto& point) {
                  for (std::size_t i = 0; i < std::min(most_servers, r.endpoints.size()); ++i)
                    point.of_server(r.endpoints[i].server, r.endpoints[i].breaker == BreakerState::open ? 1 : 0);
                });
}

inline void encode_times(MetricWriter& writer) {
  writer.histogram("db.client.connection.create_time", "Time to make a connection", &PoolMetrics::create_time);
  writer.histogram("db.client.connection.wait_time", "Time until a caller had its connection", &PoolMetrics::wait_time);
  writer.histogram("db.client.connection.use_time", "Time from a lease's begin to its end", &PoolMetrics::use_time);
}

/// ExportMetricsServiceRequest. Names: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/; those that the
/// conventions do not have begin with "carpool.", and become in Prometheus what this library's own exporter for it has.
/// Throws std::bad_alloc.
[[nodiscard]] inline std::string encode_metrics(const OtlpOptions& options, const std::vector<PoolReading>& readings,
                                                std::chrono::system_clock::time_point now) {
  JsonWriter json;
  open_message(json, options, "Metrics");
  MetricWriter writer(json, readings, now);
  encode_states(writer);
  encode_limits(writer);
  encode_counts(writer);
  encode_failures(writer);
  encode_endpoints(writer);
  encode_times(writer);
  return close_message(json);
}

}  // namespace carpool::inline v0_1::detail

/// Readings of pools as OTLP has them.
#pragma once

#include <carpool/otlp/detail/metric_writer.hpp>
#include <carpool/otlp/detail/pool_readings.hpp>
#include <carpool/otlp/detail/resource.hpp>
#include <carpool/otlp/options.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace carpool::inline v0_1::detail {

inline void encode_sizes(MetricWriter& writer) {
  constexpr auto form = MetricForm::up_down;
  writer.metric({"db.client.connection.count", "{connection}", "Connections by state", form}, [](auto& r, auto& point) {
    point(r.stats.idle, "db.client.connection.state", "idle");
    point(r.stats.in_use, "db.client.connection.state", "used");
  });
  writer.metric({"db.client.connection.max", "{connection}", "Connections that may exist at once", form},
                [](auto& r, auto& point) { point(r.stats.max_size); });
  writer.metric({"db.client.connection.idle.max", "{connection}", "Idle connections that are kept", form},
                [](auto& r, auto& point) { point(r.max_idle); });
  writer.metric({"db.client.connection.idle.min", "{connection}", "Idle connections that are kept ready", form},
                [](auto& r, auto& point) { point(r.min_idle); });
  writer.metric({"db.client.connection.pending_requests", "{request}", "Callers that wait", form},
                [](auto& r, auto& point) { point(r.stats.waiting); });
  writer.metric({"carpool.connection.transient", "{connection}", "Connections that come and go, by state", form},
                [](auto& r, auto& point) {
                  point(r.stats.connecting, "carpool.connection.state", "connecting");
                  point(r.stats.closing, "carpool.connection.state", "closing");
                });
}

inline void encode_counts(MetricWriter& writer) {
  constexpr auto form = MetricForm::counter;
  writer.metric({"db.client.connection.timeouts", "{timeout}", "Acquires that timed out", form},
                [](auto& r, auto& point) { point(r.stats.timeouts); });
  writer.metric({"carpool.lease.acquired", "{lease}", "Leases given", form},
                [](auto& r, auto& point) { point(r.stats.acquired); });
  writer.metric({"carpool.lease.cache_hits", "{lease}", "Leases of what the worker gave back last", form},
                [](auto& r, auto& point) { point(r.stats.cache_hits); });
  writer.metric({"carpool.lease.leaks_suspected", "{lease}", "Leases out past leak_detection_threshold", form},
                [](auto& r, auto& point) {
                  if (r.metrics) point(r.metrics->leaks_suspected);
                });
  writer.metric({"carpool.connection.created", "{connection}", "Connects that succeeded", form},
                [](auto& r, auto& point) { point(r.stats.created); });
}

/// A point for each entry of a table that an enumeration indexes.
template <class Which, class Table, class Point>
void encode_table(const Table& table, Point& point, std::string_view key) {
  for (std::size_t i = 0; i < table.size(); ++i) point(table[i], key, to_string(static_cast<Which>(i)));
}
inline void encode_classes(MetricWriter& writer) {
  constexpr auto form = MetricForm::counter;
  writer.metric(
      {"carpool.connection.closed", "{connection}", "Connections closed, by reason", form},
      [](auto& r, auto& point) { encode_table<CloseReason>(r.stats.closed_by_reason, point, "carpool.close.reason"); });
  writer.metric({"carpool.connect.failures", "{connect}", "Connects that failed, by class", form},
                [](auto& r, auto& point) {
                  if (r.metrics) encode_table<ConnectFailureClass>(r.metrics->connect_failures, point, "error.type");
                });
  writer.metric({"carpool.acquire.failures", "{acquire}", "Acquires that gave no lease, by reason", form},
                [](auto& r, auto& point) {
                  if (r.metrics) encode_table<AcquireFailure>(r.metrics->acquire_failures, point, "error.type");
                });
}

/// Of each server.
inline void encode_endpoints(MetricWriter& writer) {
  writer.metric(
      {"carpool.endpoint.breaker_open", "1", "1 while the last connects failed and none starts", MetricForm::gauge},
      [](auto& r, auto& point) {
        for (const EndpointStats& each : r.endpoints)
          point.of_server(each.server, each.breaker == BreakerState::open ? 1.0 : 0.0);
      });
  writer.metric({"carpool.endpoint.oldest_wait", "s", "For how long the first waiter has waited", MetricForm::gauge},
                [](auto& r, auto& point) {
                  for (const EndpointStats& each : r.endpoints)
                    point.of_server(each.server, std::chrono::duration<double>(each.oldest_wait).count());
                });
}

inline void encode_times(MetricWriter& writer) {
  writer.histogram("db.client.connection.create_time", "Time to make a connection", &PoolMetrics::create_time);
  writer.histogram("db.client.connection.wait_time", "Time until a caller had its connection", &PoolMetrics::wait_time);
  writer.histogram("db.client.connection.use_time", "Time from a lease's begin to its end", &PoolMetrics::use_time);
}

/// ExportMetricsServiceRequest. Names: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/; those that the
/// conventions do not have begin with "carpool.". Throws std::bad_alloc.
[[nodiscard]] inline std::string encode_metrics(const OtlpOptions& options, const std::vector<PoolReading>& readings,
                                                std::chrono::system_clock::time_point now) {
  JsonWriter json;
  open_message(json, options, "Metrics");
  MetricWriter writer(json, readings, now);
  encode_sizes(writer);
  encode_counts(writer);
  encode_classes(writer);
  encode_endpoints(writer);
  encode_times(writer);
  return close_message(json);
}

}  // namespace carpool::inline v0_1::detail

/// What an OtlpExporter sends, where, and how long it tries.
#pragma once

#include <carpool/http_connector.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order. The defaults are those that OpenTelemetry's specification names for its
/// exporters (OTEL_EXPORTER_OTLP_*, OTEL_BSP_*, OTEL_METRIC_EXPORT_INTERVAL); this library reads no environment.
struct OtlpOptions {
  /// Where OTLP over HTTP is taken: an OpenTelemetry collector on this machine. With tls, headers (a token) or a
  /// password as an HttpConnector has them.
  HttpConnector collector = {.host = "127.0.0.1", .port = 4318};
  std::string traces_path = "/v1/traces";        ///< to which spans are posted
  std::string metrics_path = "/v1/metrics";      ///< to which metrics are posted
  std::string service_name = "unknown_service";  ///< service.name of the resource
  /// Further attributes of the resource: {{"service.version", "1.4"}, {"deployment.environment.name", "production"}}.
  std::vector<std::pair<std::string, std::string>> resource = {};
  Duration metrics_interval = std::chrono::seconds(60);  ///< from one reading of the pools to the next
  Duration spans_delay = std::chrono::seconds(5);        ///< how long a span may wait for others to go with it
  std::size_t max_queue = 2048;                          ///< spans that wait; what comes beyond is dropped, and counted
  std::size_t max_batch = 512;                           ///< spans in one request; so many do not wait for others
  Duration request_timeout = std::chrono::seconds(10);   ///< of one request, with the connect that it may need
  Backoff retry = {.initial = std::chrono::seconds(1), .max = std::chrono::seconds(30)};  ///< between two tries
  Duration give_up_after = std::chrono::minutes(5);  ///< what was refused for so long is dropped, and counted
  Duration stop_timeout = std::chrono::seconds(5);   ///< how long the destructor tries to send what is left
  /// Told in words of what was lost, and why, at most once a minute, on the exporter's thread. Default: one line to
  /// standard error. What it throws is dropped.
  std::function<void(std::string_view)> report = {};
};

namespace detail {

inline void require_otlp(bool holds, const std::string& rule) {
  if (!holds) throw std::invalid_argument("OTLP: " + rule);
}

}  // namespace detail

/// Throws std::invalid_argument naming the field and the bound. The exporter's constructor calls it.
inline void validate(const OtlpOptions& options) {
  using detail::require_otlp;
  options.collector.validate();
  detail::validate_http_path(options.traces_path);
  detail::validate_http_path(options.metrics_path);
  require_otlp(options.metrics_interval > Duration::zero(), "metrics_interval must be longer than 0");
  require_otlp(options.spans_delay >= Duration::zero(), "spans_delay must be at least 0");
  require_otlp(options.max_batch >= 1, "max_batch must be at least 1");
  require_otlp(options.max_queue >= options.max_batch, "max_queue must be at least max_batch");
  require_otlp(options.request_timeout > Duration::zero(), "request_timeout must be longer than 0");
  require_otlp(options.retry.initial > Duration::zero(), "retry.initial must be longer than 0");
  require_otlp(options.retry.max >= options.retry.initial, "retry.max must be at least retry.initial");
  require_otlp(options.give_up_after > Duration::zero(), "give_up_after must be longer than 0");
  require_otlp(options.stop_timeout >= Duration::zero(), "stop_timeout must be at least 0");
}

}  // namespace carpool::inline v0_1

/// Writes metrics of pools as OTLP has them, one name after the other.
#pragma once

#include <carpool/metrics/bounds.hpp>
#include <carpool/otlp/detail/json_writer.hpp>
#include <carpool/otlp/detail/pool_readings.hpp>
#include <carpool/otlp/detail/resource.hpp>
#include <carpool/text/server_address.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Which of OTLP's kinds of data a metric is.
enum class MetricForm : std::uint8_t {
  up_down,  ///< a sum that may fall
  counter,  ///< a sum that only grows
  gauge,    ///< a value that cannot be added to others
};

/// What is said of a metric beside its points.
struct MetricHead {
  std::string_view name, unit, description;
  MetricForm form;
};

/// opentelemetry/proto/metrics/v1/metrics.proto: a Metric for each name, with points of each pool; sums are cumulative.
/// Each call may throw std::bad_alloc.
class MetricWriter {
 public:
  MetricWriter(JsonWriter& json, const std::vector<PoolReading>& readings, std::chrono::system_clock::time_point now)
      : json_(json), readings_(readings), now_(unix_nanoseconds(now)) {}

  /// Writes points of one reading.
  class Point {
   public:
    Point(MetricWriter& writer, const PoolReading& reading) : writer_(writer), reading_(reading) {}
    /// With one more attribute, unless its key is empty.
    void operator()(std::uint64_t value, std::string_view key = {}, std::string_view which = {}) {
      writer_.open_point(reading_);
      if (!key.empty()) writer_.json_.attribute(key, std::string(which));
      writer_.json_.close(']').key("asInt").integer(value).close('}');
    }
    void of_server(std::string_view server, std::uint64_t value) {
      writer_.open_point(reading_);
      const ServerAddress address = read_server_address(server);
      if (!server.empty()) writer_.json_.attribute("server.address", std::string(address.address));
      if (address.port) writer_.json_.attribute("server.port", std::int64_t{*address.port});
      writer_.json_.close(']').key("asInt").integer(value).close('}');
    }
    void seconds(Duration length) {
      writer_.open_point(reading_);
      writer_.json_.close(']').key("asDouble").number(std::chrono::duration<double>(length).count()).close('}');
    }

   private:
    MetricWriter& writer_;
    const PoolReading& reading_;
  };

  /// points(const PoolReading&, Point&) for each pool.
  template <class Points>
  void metric(const MetricHead& head, Points points) {
    open_metric(head, head.form == MetricForm::gauge ? "gauge" : "sum");
    for (const PoolReading& reading : readings_) {
      Point point(*this, reading);
      points(reading, point);
    }
    json_.close(']');
    if (head.form != MetricForm::gauge) {
      json_.key("aggregationTemporality").number(cumulative);
      json_.key("isMonotonic").flag(head.form == MetricForm::counter);
    }
    json_.close('}').close('}');
  }

  /// Of the pools that have a MetricsObserver.
  void histogram(std::string_view name, std::string_view description, HistogramSnapshot PoolMetrics::* which) {
    open_metric({name, "s", description, MetricForm::counter}, "histogram");
    for (const PoolReading& reading : readings_) {
      if (reading.metrics) write_histogram(reading, (*reading.metrics).*which);
    }
    json_.close(']').key("aggregationTemporality").number(cumulative).close('}').close('}');
  }

 private:
  static constexpr int cumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE
  void open_metric(const MetricHead& head, std::string_view data) {
    json_.open('{').key("name").text(head.name).key("unit").text(head.unit).key("description").text(head.description);
    json_.key(data).open('{').key("dataPoints").open('[');
  }
  /// Up to its attributes, to which others may be added.
  void open_point(const PoolReading& reading) {
    json_.open('{').key("startTimeUnixNano").integer(unix_nanoseconds(reading.start));
    json_.key("timeUnixNano").integer(now_).key("attributes").open('[');
    json_.attribute("db.client.connection.pool.name", reading.name);
  }
  /// With bounds that are said: HistogramSnapshot is log-linear in nanoseconds. An exponential histogram, whose bounds
  /// are powers of 2^(2^-scale) of a second, has no scale with the same.
  void write_histogram(const PoolReading& reading, const HistogramSnapshot& histogram) {
    open_point(reading);
    const std::uint64_t count = histogram.count();
    json_.close(']').key("count").integer(count);
    json_.key("sum").number(std::chrono::duration<double>(histogram.sum).count()).key("bucketCounts").open('[');
    std::uint64_t below = 0;
    for (const std::uint64_t up_to : histogram.at_most(short_bounds)) {
      json_.integer(up_to - below);
      below = up_to;
    }
    json_.integer(count - below).close(']').key("explicitBounds").open('[');
    for (const Duration bound : short_bounds) json_.number(std::chrono::duration<double>(bound).count());
    json_.close(']').close('}');
  }

  JsonWriter& json_;
  const std::vector<PoolReading>& readings_;
  const std::int64_t now_;
};

}  // namespace carpool::inline v0_1::detail

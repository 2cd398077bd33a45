// needs: admin_page, otlp_exporter, prometheus_exporter
// Every way to look into a pool at once, in one program: each says what the pool says, and nothing is lost at the end.
#include <carpool/admin_page.hpp>
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/log_observer.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/otlp_exporter.hpp>
#include <carpool/prometheus_exporter.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/trace_observer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "otlp_collector.hpp"
#include "plain_http.hpp"

namespace {

using namespace std::chrono_literals;

using carpool::MetricsObserver;
using carpool::RecordingTracer;
using carpool::TraceObserver;
using Observer = carpool::Observers<MetricsObserver, carpool::LogObserver, TraceObserver<RecordingTracer<>>>;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, carpool::FakeConnector,
                                     carpool::DefaultEviction, Observer>;

constexpr int threads = 2, leases = 500'000;

void use_from_threads(Pool& pool) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int n = 0; n < leases; ++n) static_cast<void>(pool.acquire());
    });
  }
  for (std::thread& each : all) each.join();
}

/// Of the family's only series: a counter, or how many a histogram has counted.
std::uint64_t value_of(const carpool::PrometheusExporter& exporter, const std::string& name) {
  for (const auto& family : exporter.Collect()) {
    if (family.name != name) continue;
    const auto& metric = family.metric.at(0);
    return family.type == prometheus::MetricType::Histogram ? metric.histogram.sample_count
                                                            : static_cast<std::uint64_t>(metric.counter.value);
  }
  throw std::out_of_range("no family " + name);
}

/// The number behind the first `"name":` or `"name":"` of a text.
std::uint64_t number_behind(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::stoull(text.substr(text.find_first_of("0123456789", at + name.size())));
}

TEST(EveryExporter, SaysWhatThePoolSays) {
  const carpool::FakeServer server;
  OtlpCollector collector;
  carpool::PoolRegistry registry;
  carpool::OtlpExporter otlp({.collector = {.host = "127.0.0.1", .port = collector.port()},
                              .metrics_interval = 50ms,
                              .spans_delay = 10ms,
                              .max_queue = 100'000},
                             registry);
  const carpool::PrometheusExporter prometheus(registry);
  const carpool::AdminPage page(registry);
  std::atomic<int> lines{0};
  Pool pool(server.connector(), {.name = "orders", .max_size = 4}, {},
            Observer(MetricsObserver(), carpool::LogObserver(carpool::LogOptions(), [&](std::string_view) { ++lines; }),
                     TraceObserver(otlp.tracer(carpool::TraceSampler(0.001)))));
  const auto registration = registry.add(pool);
  std::atomic<bool> over{false};
  std::thread onlooker([&] {
    while (!over) {
      EXPECT_GE(number_behind(http_get(page.port(), "/pools.json"), "\"acquired\":"), 0U);
      static_cast<void>(prometheus.Collect());
      std::this_thread::sleep_for(20ms);
    }
  });
  use_from_threads(pool);
  over = true;
  onlooker.join();
  EXPECT_TRUE(otlp.stop(30s));
  const std::uint64_t all = pool.stats().acquired;
  EXPECT_EQ(all, std::uint64_t{threads} * leases);
  EXPECT_EQ(pool.observer().get<MetricsObserver>().metrics().use_time.count(), all);
  EXPECT_EQ(value_of(prometheus, "carpool_leases_total"), all);
  EXPECT_EQ(value_of(prometheus, "db_client_connection_wait_time_seconds"), all);
  EXPECT_EQ(value_of(prometheus, "db_client_connection_use_time_seconds"), all);
  const auto on_the_page = [&] { return number_behind(http_get(page.port(), "/pools.json"), "\"acquired\":"); };
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return on_the_page() == all; }))
      << "it keeps an answer for a while";
  std::string last;
  for (const auto& request : collector.requests())
    if (request.path == "/v1/metrics") last = request.body;
  EXPECT_EQ(number_behind(last.substr(last.find("\"name\":\"carpool.leases\"")), "\"asInt\":"), all);
  EXPECT_EQ(otlp.counts().spans_dropped, 0U);
  EXPECT_EQ(otlp.counts().spans_sent, collector.taken("/v1/traces", "\"spanId\""));
  EXPECT_GT(lines, 0);
}

}  // namespace

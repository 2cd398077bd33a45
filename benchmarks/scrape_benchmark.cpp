// needs: prometheus_exporter, thread_backend
/// What does it cost to be scraped: all pools of a process, looked at and written as Prometheus reads them?
///
/// Rows: scrape/pools:N, with a MetricsObserver each, and N pools that were used by two threads. The part that looks is
/// the column collect_ms; what is left of Time is the writing, by prometheus-cpp's own serializer.
#include "null_connector.hpp"

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/prometheus_exporter.hpp>
#include <carpool/thread_backend.hpp>

#include <benchmark/benchmark.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace {

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::bench::NullConnector,
                                     carpool::DefaultEviction, carpool::MetricsObserver>;

/// Pools that have been used, and are watched.
struct Watched {
  explicit Watched(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      pools.emplace_back(carpool::bench::NullConnector{},
                         carpool::PoolOptions{.name = "orders-" + std::to_string(i), .max_size = 4});
      registrations.push_back(registry.add(pools.back()));
    }
    std::thread other([&] { use(); });
    use();
    other.join();
  }
  void use() {
    for (Pool& pool : pools) {
      for (int i = 0; i < 100; ++i) {
        auto lease = pool.acquire();
        benchmark::DoNotOptimize(*lease);
      }
    }
  }

  carpool::PoolRegistry registry;
  std::deque<Pool> pools;
  std::vector<carpool::PoolRegistry::Registration> registrations;
};

void scrape(benchmark::State& state) {
  const Watched watched(static_cast<std::size_t>(state.range(0)));
  const carpool::PrometheusExporter exporter(watched.registry);
  std::chrono::duration<double, std::milli> collecting{};
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    const auto families = exporter.Collect();
    collecting += std::chrono::steady_clock::now() - begin;
    bytes = prometheus::TextSerializer().Serialize(families).size();
  }
  state.counters["collect_ms"] = collecting.count() / static_cast<double>(state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(scrape)->Name("scrape")->ArgName("pools")->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace

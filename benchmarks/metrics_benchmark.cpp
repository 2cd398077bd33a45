// needs: operate
/// What does it cost to count: a lease of a pool with a MetricsObserver, beside one without?
///
/// Rows: metrics/thread/<queue>/<observer>/pool:8/threads:N. A connection is ready, and nothing happens between
/// acquire() and its release. The column Time is wall time per cycle over all threads together.
#include "null_connector.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/thread_backend.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace {

using carpool::bench::NullConnector;

template <class Queue, class Observer>
void lease(benchmark::State& state) {
  using Pool =
      carpool::ConnectionPool<carpool::ThreadBackend, Queue, NullConnector, carpool::DefaultEviction, Observer>;
  static std::unique_ptr<Pool> pool;  // made and unmade by thread 0; the others are held before and after the loop
  if (state.thread_index() == 0) {
    pool = std::make_unique<Pool>(NullConnector{}, carpool::PoolOptions{.max_size = 8});
    pool->prewarm(8, std::chrono::seconds(30));
  }
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
  if (state.thread_index() == 0) pool.reset();
}

template <class Queue>
void add(const std::string& queue) {
  const std::string title = "metrics/thread/" + queue;
  for (const int threads : {1, 2}) {
    const auto row = [&](const std::string& name, auto function) {
      benchmark::RegisterBenchmark((title + name).c_str(), function)->ArgName("pool")->Arg(8)->Threads(threads);
    };
    row("/none", lease<Queue, carpool::NoObserver>);
    row("/metrics", lease<Queue, carpool::MetricsObserver>);
  }
}

/// A process of one thread has cheaper mutexes: no server is one. As in pools.hpp.
std::mutex mutex;
std::condition_variable_any never;
const std::jthread second_thread([](const std::stop_token& end) {
  std::unique_lock lock(mutex);
  never.wait(lock, end, [] { return false; });
});

[[maybe_unused]] const bool registered = [] {
  add<carpool::AffineBag>("affine");
  add<carpool::LifoStack>("lifo");
  return true;
}();

}  // namespace

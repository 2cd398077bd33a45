// needs: operate
/// What does it cost to count: a lease of a pool with a MetricsObserver, beside one without?
///
/// Rows: metrics/thread/<queue>/<observer>/pool:8/threads:N. A connection is ready, and nothing happens between
/// acquire() and its release. The column Time is wall time per cycle over all threads together.
#include "observed_lease.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using carpool::bench::observed_lease;

template <class Queue>
void add(const std::string& queue) {
  const std::string title = "metrics/thread/" + queue;
  for (const int threads : {1, 2}) {
    const auto row = [&](const std::string& name, auto function) {
      benchmark::RegisterBenchmark((title + name).c_str(), function)->ArgName("pool")->Arg(8)->Threads(threads);
    };
    row("/none", [](benchmark::State& state) { observed_lease<Queue>(state, [] { return carpool::NoObserver(); }); });
    row("/metrics",
        [](benchmark::State& state) { observed_lease<Queue>(state, [] { return carpool::MetricsObserver(); }); });
  }
}

const carpool::bench::SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  add<carpool::AffineBag>("affine");
  add<carpool::LifoStack>("lifo");
  return true;
}();

}  // namespace

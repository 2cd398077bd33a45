// needs: boost_thread_backend, fiber_backend
/// What does a lease cost when a connection is ready: acquire() and its release, nothing in between?
///
/// Rows: acquire_release/<backend>/<queue>/pool:M/threads:N, never more threads than connections, so nobody waits. The
/// column Time is wall time per cycle over all threads together: with perfect scaling it halves when threads double.
#include "peers.hpp"
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>

namespace {

using namespace carpool::bench;

struct Row {
  int pool;
  int threads;
};
constexpr std::array rows = {Row{1, 1}, Row{8, 1}, Row{2, 2}, Row{8, 2}, Row{8, 8}};

template <class Pool>
void acquire_release(benchmark::State& state) {
  static std::unique_ptr<Pool> pool;  // made and unmade by thread 0; the others are held before and after the loop
  if (state.thread_index() == 0) pool = make_warm<Pool>(NullConnector{}, of_size(state.range(0)));
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
  if (state.thread_index() == 0) pool.reset();
}

struct Add {
  int most_threads;

  template <class Pool>
  void operator()(const std::string& name) const {
    for (const Row& row : rows) {
      if (row.threads > most_threads) continue;
      const std::string title = "acquire_release/" + name;
      auto* const family = benchmark::RegisterBenchmark(title.c_str(), acquire_release<Pool>);
      family->ArgName("pool")->Arg(row.pool)->Threads(row.threads);
    }
  }
};

[[maybe_unused]] const SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  carpool::SingleBackend::install_coarse_clock();  // else its first row would have none, and later ones that of the
                                                   // others
  for_each_pool<carpool::SingleBackend, NullConnector>("single", Add{1});
  for_each_pool<carpool::ThreadBackend, NullConnector>("thread", Add{8});
  for_each_peer<NullConnector>("thread", Add{8});
  for_each_pool<carpool::BoostThreadBackend, NullConnector>("boost_thread", Add{8});
  for_each_pool<carpool::FiberBackend, NullConnector>("fiber", Add{8});
  return true;
}();

}  // namespace

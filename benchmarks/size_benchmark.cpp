// needs: boost_thread_backend, fiber_backend
/// Does a pool that is far larger than its use cost those who use it?
///
/// Rows: size/thread/<queue>/pool:M/threads:8: eight workers that acquire and release, on a pool of 8 and on one of
/// 4,096, all connections open. Time is wall time per cycle over all threads together.
#include "peers.hpp"
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace {

using namespace carpool::bench;

template <class Pool>
void size(benchmark::State& state) {
  static std::unique_ptr<Pool> pool;  // made and unmade by thread 0; the others are held before and after the loop
  if (state.thread_index() == 0) pool = make_warm<Pool>(NullConnector{}, of_size(state.range(0)));
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
  if (state.thread_index() == 0) pool.reset();
}

struct Add {
  template <class Pool>
  void operator()(const std::string& name) const {
    auto* const row = benchmark::RegisterBenchmark(("size/" + name).c_str(), size<Pool>);
    row->ArgName("pool")->Arg(8)->Arg(4'096)->Threads(8);
  }
};

[[maybe_unused]] const SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  for_each_pool<carpool::ThreadBackend, NullConnector>("thread", Add{});
  for_each_peer<NullConnector>("thread", Add{});
  return true;
}();

}  // namespace

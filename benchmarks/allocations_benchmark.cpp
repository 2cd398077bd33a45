// needs: boost_thread_backend, fiber_backend
/// How many allocations are there in acquire and release, also where a worker has to wait?
///
/// Rows: allocations/<backend>/<queue>/<case>. alone: one worker, a connection is ready; waiting: eight workers on two
/// connections, held for 20 us. Counter allocations_per_cycle counts operator new in the workers' threads.
#include "allocations.hpp"
#include "peers.hpp"
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;

template <class Backend, class Pool>
void allocations(benchmark::State& state, const Cycles& cycles) {
  const auto pool = make_warm<Pool>(NullConnector{}, of_size(2));
  std::size_t count = 0;
  for (auto _ : state) count = allocations_in<Backend>(*pool, cycles);
  state.counters["allocations_per_cycle"] =
      static_cast<double>(count) / static_cast<double>(cycles.workers * cycles.each);
}

template <class Backend>
struct Add {
  template <class Pool>
  void operator()(const std::string& name) const {
    add<Pool>(name + "/alone", {});
    if (Backend::concurrent) add<Pool>(name + "/waiting", {.workers = 8, .each = 200, .hold = 20us});
  }

 private:
  template <class Pool>
  static void add(const std::string& name, const Cycles& cycles) {
    const auto run = [cycles](benchmark::State& state) { allocations<Backend, Pool>(state, cycles); };
    benchmark::RegisterBenchmark(("allocations/" + name).c_str(), run)->Iterations(1);
  }
};

template <class Backend>
void add_all(const std::string& backend) {
  for_each_pool<Backend, NullConnector>(backend, Add<Backend>{});
}

[[maybe_unused]] const bool registered = [] {
  add_all<carpool::SingleBackend>("single");
  add_all<carpool::ThreadBackend>("thread");
  for_each_peer<NullConnector>("thread", Add<carpool::ThreadBackend>{});
  add_all<carpool::FiberBackend>("fiber");
  return true;
}();

}  // namespace

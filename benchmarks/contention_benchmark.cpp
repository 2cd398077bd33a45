// needs: boost_thread_backend, fiber_backend
/// More workers than connections: what is the throughput, how long is the wait, and does every worker get its share?
///
/// Rows: contention/<backend>/<queue>/<hold>/pool:M/threads:N. Each worker acquires, holds and releases over and over.
/// Hold io50us sleeps, as one does for a reply; cpu2us computes; hold0us gives back at once. On FiberBackend the N
/// workers are fibers of one thread
/// ("fibers:N"), and there is io50us alone: while a fiber computes, no other can want anything. "strict" is LifoStack
/// with PoolOptions::handoff_after = 0: strictly first come, first served.
#include "peers.hpp"
#include "pools.hpp"
#include "workers.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;

struct Hold0us {
  static constexpr const char* name = "hold0us";
  template <class Backend>
  static void hold() noexcept {}
};
struct Io50us {
  static constexpr const char* name = "io50us";
  template <class Backend>
  static void hold() {
    Backend::sleep_until(Backend::now() + 50us);
  }
};
struct Cpu2us {
  static constexpr const char* name = "cpu2us";
  template <class Backend>
  static void hold() {
    const carpool::TimePoint end = Backend::now() + 2us;
    while (Backend::now() < end) {
    }
  }
};

template <class Backend, class Hold, class Pool>
void contention(benchmark::State& state, carpool::PoolOptions options) {
  if constexpr (requires { Backend::install(); }) Backend::install();
  options.max_size = static_cast<std::size_t>(state.range(0));
  const auto pool = make_warm<Pool>(NullConnector{}, options);
  const auto hold = [](auto&, std::uint64_t) { Hold::template hold<Backend>(); };
  for (auto _ : state) report(state, run_workers<Backend>(*pool, static_cast<std::size_t>(state.range(1)), hold));
}

template <class Backend, class Hold>
struct Add {
  template <class Pool>
  void operator()(const std::string& name, const carpool::PoolOptions& options = {}) const {
    const std::string title = "contention/" + name + "/" + Hold::name;
    const auto run = [options](benchmark::State& state) { contention<Backend, Hold, Pool>(state, options); };
    auto* const family = benchmark::RegisterBenchmark(title.c_str(), run);
    const bool fibers = std::same_as<Backend, carpool::FiberBackend>;
    family->ArgNames({"pool", fibers ? "fibers" : "threads"})->Args({2, 8})->Args({8, 32})->Args({8, 128});
    family->UseManualTime()->Iterations(1);
  }
};

template <class Backend, class Hold>
void add_all(const std::string& backend) {
  const Add<Backend, Hold> add;
  for_each_pool<Backend, NullConnector>(backend, add);
  if constexpr (std::same_as<Backend, carpool::ThreadBackend>) for_each_peer<NullConnector>(backend, add);
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, NullConnector>;
  add.template operator()<Pool>(backend + "/strict", {.handoff_after = 0ns});
}

[[maybe_unused]] const bool registered = [] {
  add_all<carpool::ThreadBackend, Hold0us>("thread");
  add_all<carpool::ThreadBackend, Cpu2us>("thread");
  add_all<carpool::ThreadBackend, Io50us>("thread");
  add_all<carpool::BoostThreadBackend, Io50us>("boost_thread");
  add_all<carpool::FiberBackend, Io50us>("fiber");
  return true;
}();

}  // namespace

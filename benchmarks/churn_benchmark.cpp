// needs: boost_thread_backend, fiber_backend
/// Every n-th connection breaks: what does its replacement cost those who want one?
///
/// Rows: churn/<backend>/<queue>/<connect>/pool:8/every:N/threads:4. Each worker acquires, sleeps 50 us as for a reply,
/// and every N-th time discards the connection instead of giving it back. A connect takes 0 or 1000 us, as TCP and TLS
/// to the next data centre. The plain pool connects in the caller's acquire(), as many at once as there are callers; a
/// ConnectionPool in the background, max_connecting = 2 at once, and the caller takes whatever comes first. "spare" is
/// LifoStack with min_idle = 4: replaced before anybody asks. On FiberBackend the workers are fibers of one thread.
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

/// As NullConnector, but a connect takes its time.
template <class Backend>
struct SlowConnector : NullConnector {
  carpool::Duration connect_takes = 0ns;
  [[nodiscard]] int connect(carpool::TimePoint) const {
    if (connect_takes > 0ns) Backend::sleep_until(Backend::now() + connect_takes);
    return 1;
  }
};

template <class Backend, class Pool>
void churn(benchmark::State& state, carpool::Duration connect_takes, carpool::PoolOptions options) {
  if constexpr (requires { Backend::install(); }) Backend::install();
  SlowConnector<Backend> connector;
  connector.connect_takes = connect_takes;
  options.max_size = static_cast<std::size_t>(state.range(0));
  const auto pool = make_warm<Pool>(connector, options);
  const auto every = static_cast<std::uint64_t>(state.range(1));
  const auto use = [every](auto& lease, std::uint64_t cycle) {
    Backend::sleep_until(Backend::now() + 50us);
    if (cycle % every == 0) lease.discard();
  };
  for (auto _ : state) report(state, run_workers<Backend>(*pool, static_cast<std::size_t>(state.range(2)), use));
}

template <class Backend>
struct Add {
  template <class Pool>
  void operator()(const std::string& name, const carpool::PoolOptions& options = {}) const {
    add<Pool>(name + "/connect0us", 0us, options);
    add<Pool>(name + "/connect1000us", 1'000us, options);
  }

 private:
  template <class Pool>
  static void add(const std::string& name, carpool::Duration connect_takes, const carpool::PoolOptions& options) {
    const auto run = [=](benchmark::State& state) { churn<Backend, Pool>(state, connect_takes, options); };
    auto* const family = benchmark::RegisterBenchmark(("churn/" + name).c_str(), run);
    const int workers = Backend::concurrent ? 4 : 1;
    const bool fibers = std::same_as<Backend, carpool::FiberBackend>;
    family->ArgNames({"pool", "every", fibers ? "fibers" : "threads"});
    for (const int every : {1, 10, 100}) family->Args({8, every, workers});
    family->UseManualTime()->Iterations(1);
  }
};

template <class Backend>
void add_all(const std::string& backend) {
  const Add<Backend> add;
  for_each_pool<Backend, SlowConnector<Backend>>(backend, add);
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, SlowConnector<Backend>>;
  add.template operator()<Pool>(backend + "/spare", {.min_idle = 4});
}

[[maybe_unused]] const bool registered = [] {
  add_all<carpool::SingleBackend>("single");
  add_all<carpool::ThreadBackend>("thread");
  add_all<carpool::BoostThreadBackend>("boost_thread");
  add_all<carpool::FiberBackend>("fiber");
  return true;
}();

}  // namespace

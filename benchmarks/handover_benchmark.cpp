// needs: boost_thread_backend, fiber_backend
/// What does it take until a waiting fiber has the connection that another fiber of its thread gives back?
///
/// Rows: handover/fiber/<queue>/pool:1. Two fibers of one thread share one connection. Each holds it until the other
/// waits for it, gives it back and lets the other go on. So every cycle is one hand-over, with the switch from fiber to
/// fiber that is a part of it, and two more switches which the program makes to bring it about: "yield" is such a
/// switch by itself, to be taken off twice. "strict" is LifoStack with PoolOptions::handoff_after = 0: there the
/// connection belongs to the other as soon as it is given back, and a cycle is a hand-over and nothing else.
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <boost/fiber/operations.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;
using carpool::FiberBackend;

enum class Manners {
  polite,  ///< lets the other come to wait, and lets it go on
  none,    ///< asks again at once
};

template <class Pool>
void take_turn(Pool& pool, Manners manners) {
  {
    auto lease = pool.acquire();
    benchmark::DoNotOptimize(*lease);
    if (manners == Manners::polite) boost::this_fiber::yield();
  }
  if (manners == Manners::polite) boost::this_fiber::yield();
}

template <class Pool>
void handover(benchmark::State& state, Manners manners, carpool::PoolOptions options) {
  FiberBackend::install();
  options.max_size = 1;
  const auto pool = make_warm<Pool>(NullConnector{}, options);
  bool over = false;  // all fibers of one thread
  auto other = FiberBackend::spawn([&] {
    while (!over) take_turn(*pool, manners);  // NOLINT(bugprone-infinite-loop): the first fiber ends it
  });
  {
    const auto lease = pool->acquire();
    boost::this_fiber::yield();  // the other comes to wait: from now on one of the two always does
  }
  while (state.KeepRunningBatch(2)) take_turn(*pool, manners);  // there and back
  over = true;
  other.join();
}

void yield(benchmark::State& state) {
  FiberBackend::install();
  bool over = false;
  auto other = FiberBackend::spawn([&] {
    // NOLINTNEXTLINE(bugprone-infinite-loop): another fiber ends it
    while (!over) boost::this_fiber::yield();
  });
  while (state.KeepRunningBatch(2)) boost::this_fiber::yield();
  over = true;
  other.join();
}

template <class Pool>
void add(const std::string& name, Manners manners, const carpool::PoolOptions& options = {}) {
  const auto run = [=](benchmark::State& state) { handover<Pool>(state, manners, options); };
  benchmark::RegisterBenchmark(("handover/" + name + "/pool:1").c_str(), run);
}

struct Add {
  template <class Pool>
  void operator()(const std::string& name) const {
    add<Pool>(name, Manners::polite);
  }
};

[[maybe_unused]] const SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  for_each_pool<FiberBackend, NullConnector>("fiber", Add{});
  using Pool = carpool::ConnectionPool<FiberBackend, carpool::LifoStack, NullConnector>;
  add<Pool>("fiber/strict", Manners::none, {.handoff_after = 0ns});
  benchmark::RegisterBenchmark("handover/fiber/yield", yield);
  return true;
}();

}  // namespace

// needs: boost_thread_backend, fiber_backend
/// What does it cost to name a target, and does it grow with the number of targets?
///
/// Rows: targets/thread/<queue>/<pattern>/targets:N, one connection for each target. Pattern hot asks for the same
/// target over and over, in_turn for each in its turn. "without" is a pool that knows no targets: hot with a single
/// connection, in_turn a FifoQueue of N, so that the same number of connections passes through the processor's caches.
/// "plain_map" is what a programmer would write: a mutex, a condition variable and a map of vectors.
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;

/// A target is a number, and so is a connection to it.
struct TargetConnector {
  using Connection = std::int64_t;
  using Target = std::int64_t;
  [[nodiscard]] Connection connect(const Target& target, carpool::TimePoint) const noexcept { return target; }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
  [[nodiscard]] bool matches(const Connection& connection, const Target& target) const noexcept {
    return connection == target;
  }
};

/// The plain pool with a key. Threads: any.
class PlainMap {
 public:
  struct Lease {
    PlainMap& pool;
    std::int64_t connection;
    Lease(PlainMap& owner, std::int64_t own) noexcept : pool(owner), connection(own) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool.release(connection); }
    [[nodiscard]] std::int64_t& operator*() noexcept { return connection; }
  };

  explicit PlainMap(std::int64_t targets) {
    for (std::int64_t i = 0; i < targets; ++i) idle_[i].push_back(i);
  }
  [[nodiscard]] Lease acquire(std::int64_t target) {
    std::unique_lock lock(mutex_);
    auto& idle = idle_[target];
    const auto ready = [&] { return !idle.empty(); };
    if (!ready() && !available_.wait_for(lock, 30s, ready)) throw std::runtime_error("acquire timed out");
    const std::int64_t connection = idle.back();
    idle.pop_back();
    return {*this, connection};
  }

 private:
  void release(std::int64_t connection) {
    {
      const std::lock_guard lock(mutex_);
      idle_[connection].push_back(connection);
    }
    available_.notify_all();  // whoever waits may wait for another target
  }

  std::mutex mutex_;
  std::condition_variable available_;
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> idle_;  // under mutex_
};

template <class Queue>
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, Queue, TargetConnector>;

template <class AnyPool>
std::unique_ptr<AnyPool> make(std::int64_t targets) {
  if constexpr (requires { AnyPool(targets); }) {
    return std::make_unique<AnyPool>(targets);
  } else {
    auto pool = std::make_unique<AnyPool>(TargetConnector{}, of_size(targets));
    for (std::int64_t i = 0; i < targets; ++i) static_cast<void>(pool->prewarm(i, 1, 30s));
    return pool;
  }
}

template <class AnyPool>
void hot(benchmark::State& state) {
  const auto pool = make<AnyPool>(state.range(0));
  const std::int64_t target = state.range(0) / 2;
  for (auto _ : state) {
    auto lease = pool->acquire(target);
    benchmark::DoNotOptimize(*lease);
  }
}

template <class AnyPool>
void in_turn(benchmark::State& state) {
  const auto pool = make<AnyPool>(state.range(0));
  std::int64_t target = 0;
  for (auto _ : state) {
    auto lease = pool->acquire(target);
    benchmark::DoNotOptimize(*lease);
    if (++target == state.range(0)) target = 0;
  }
}

template <class Queue>
void without(benchmark::State& state) {
  using Untargeted = carpool::ConnectionPool<carpool::ThreadBackend, Queue, NullConnector>;
  const auto pool = make_warm<Untargeted>(NullConnector{}, of_size(state.range(0)));
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
}

template <class AnyPool>
void add(const std::string& name) {
  const auto with_targets = [](benchmark::internal::Benchmark* row) { row->ArgName("targets")->Arg(1)->Arg(1'000); };
  with_targets(benchmark::RegisterBenchmark(("targets/thread/" + name + "/hot").c_str(), hot<AnyPool>));
  with_targets(benchmark::RegisterBenchmark(("targets/thread/" + name + "/in_turn").c_str(), in_turn<AnyPool>));
}

template <class Queue>
void add_without(const std::string& name, int targets) {
  benchmark::RegisterBenchmark(("targets/thread/" + name).c_str(), without<Queue>)->ArgName("targets")->Arg(targets);
}

[[maybe_unused]] const SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  add_without<carpool::LifoStack>("lifo/hot/without", 1);
  add_without<carpool::AffineBag>("affine/hot/without", 1);
  add_without<carpool::FifoQueue>("fifo/in_turn/without", 1'000);
  add<Pool<carpool::LifoStack>>("lifo");
  add<Pool<carpool::AffineBag>>("affine");
  add<PlainMap>("plain_map");
  return true;
}();

}  // namespace

/// A cycle of acquire and release of a pool with an observer, for the benchmarks of what observing costs.
#pragma once

#include "null_connector.hpp"

#include <carpool/connection_pool.hpp>
#include <carpool/thread_backend.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace carpool::bench {

/// A connection is ready, and nothing happens between acquire() and its release. make() gives the observer.
template <class Queue, class Make>
void observed_lease(benchmark::State& state, Make make) {
  using Pool = ConnectionPool<ThreadBackend, Queue, NullConnector, DefaultEviction, decltype(make())>;
  static std::unique_ptr<Pool> pool;  // made and unmade by thread 0; the others are held before and after the loop
  if (state.thread_index() == 0) {
    pool = std::make_unique<Pool>(NullConnector{}, PoolOptions{.max_size = 8}, DefaultEviction{}, make());
    pool->prewarm(8, std::chrono::seconds(30));
  }
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
  if (state.thread_index() == 0) pool.reset();
}

/// A process of one thread has cheaper mutexes: no server is one. As in pools.hpp.
class SecondThread {
 private:
  std::mutex mutex_;
  std::condition_variable_any never_;
  const std::jthread thread_{[this](const std::stop_token& end) {
    std::unique_lock lock(mutex_);
    never_.wait(lock, end, [] { return false; });
  }};
};

}  // namespace carpool::bench

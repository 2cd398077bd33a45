/// Counts what workers allocate while they acquire and release. To be included by one source of a program.
#pragma once

#include "../tests/support/allocation_faults.hpp"

#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace carpool::bench {

/// Workers and what they do. With more workers than connections they wait for one another.
struct Cycles {
  std::size_t workers = 1;
  std::size_t each = 1'000;
  Duration hold = Duration::zero();
};

template <class Backend, class Pool>
void cycle(Pool& pool, const Cycles& cycles) {
  for (std::size_t i = 0; i < cycles.each; ++i) {
    auto lease = pool.acquire();
    if (cycles.hold > Duration::zero()) Backend::sleep_until(Backend::now() + cycles.hold);
  }
}

/// Allocations of the workers' threads in all cycles together, after as many that were not counted: what a thread or
/// a lock allocates at its first use is no part of a cycle. What the pool's background workers do meanwhile is not
/// counted.
template <class Backend, class Pool>
[[nodiscard]] std::size_t allocations_in(Pool& pool, const Cycles& cycles) {
  if constexpr (requires { Backend::install(); }) Backend::install();
  std::atomic<std::size_t> allocations = 0, warm = 0, done = 0;
  const auto all_reach = [&](std::atomic<std::size_t>& count) {
    ++count;
    while (count < cycles.workers) Backend::sleep_until(Backend::now() + std::chrono::microseconds(100));
  };
  const auto work = [&] {
    cycle<Backend>(pool, cycles);
    all_reach(warm);
    const std::size_t before = allocation_faults::made_here;
    cycle<Backend>(pool, cycles);
    allocations += allocation_faults::made_here - before;
    all_reach(done);  // fibers of one thread: none ends, and frees or allocates, before all have counted
  };
  std::vector<decltype(Backend::spawn(std::declval<void (*)()>()))> workers;
  for (std::size_t i = 0; i < cycles.workers; ++i) workers.push_back(Backend::spawn([&work] { work(); }));
  for (auto& worker : workers) worker.join();
  return allocations;
}

}  // namespace carpool::bench

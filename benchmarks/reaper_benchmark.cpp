// needs: boost_thread_backend, fiber_backend
/// What does a pool that nobody uses cost the processor?
///
/// Rows: reaper/thread/<queue>/<due>/idle:N. N idle connections and nobody who wants one. due:each_second is an
/// eviction that lets one more become due every second; due:none never. Counter cpu_percent is the processor time of
/// the process during three seconds, in per cent of one processor; evicted says how many connections went.
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;

constexpr auto length = 3s;

/// The n-th connection is due n seconds after `start`.
struct OneEachSecond {
  carpool::TimePoint start = carpool::ThreadBackend::now();
  [[nodiscard]] carpool::TimePoint due(const carpool::Slot& slot) const noexcept {
    return start + std::chrono::seconds(slot.id);
  }
  [[nodiscard]] bool expired(const carpool::Slot& slot, carpool::TimePoint now) const noexcept {
    return now >= due(slot);
  }
};

[[nodiscard]] carpool::Duration processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

template <class Queue, class Eviction>
void reaper(benchmark::State& state) {
  const auto options = of_size(state.range(0));
  carpool::ConnectionPool<carpool::ThreadBackend, Queue, NullConnector, Eviction> pool(NullConnector{}, options);
  static_cast<void>(pool.prewarm(options.max_size, 30s));
  carpool::Duration used{};
  for (auto _ : state) {
    const auto before = processor_time();
    carpool::ThreadBackend::sleep_until(carpool::ThreadBackend::now() + length);
    used = processor_time() - before;
    state.SetIterationTime(std::chrono::duration<double>(length).count());
  }
  state.counters["cpu_percent"] = 100 * std::chrono::duration<double>(used) / length;
  state.counters["evicted"] = static_cast<double>(options.max_size - pool.stats().idle);
}

template <class Queue, class Eviction>
void add(const std::string& name) {
  auto* const row = benchmark::RegisterBenchmark(("reaper/thread/" + name).c_str(), reaper<Queue, Eviction>);
  row->ArgName("idle")->Arg(8)->Arg(10'000)->UseManualTime()->Iterations(1);
}

[[maybe_unused]] const bool registered = [] {
  add<carpool::LifoStack, carpool::NeverEvict>("lifo/due:none");
  add<carpool::LifoStack, OneEachSecond>("lifo/due:each_second");
  add<carpool::LifetimeQueue, OneEachSecond>("lifetime/due:each_second");
  return true;
}();

}  // namespace

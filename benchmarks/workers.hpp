/// Workers that all want a connection for the same span of time, and what they saw.
#pragma once

#include "../tools/compare/histogram.hpp"

#include <carpool/time.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace carpool::bench {

inline constexpr Duration span = std::chrono::milliseconds(400);

/// What one worker saw. Its own while it runs; read after it was joined.
struct Diary {
  compare::Histogram waits;  // in acquire()
  std::uint64_t cycles = 0;
};

/// Acquires and calls use(lease, cycle) over and over, from start until end.
template <class Backend, class Pool, class Use>
void work(Pool& pool, const Use& use, TimePoint start, TimePoint end, Diary& diary) {
  Backend::sleep_until(start);
  for (TimePoint asked = Backend::now(); asked < end; asked = Backend::now()) {
    auto lease = pool.acquire();
    diary.waits.record(Backend::now() - asked);
    use(lease, ++diary.cycles);
  }
}

/// Runs that many workers of the backend; on FiberBackend they are fibers of this thread.
template <class Backend, class Pool, class Use>
[[nodiscard]] std::deque<Diary> run_workers(Pool& pool, std::size_t count, const Use& use, Duration length = span) {
  if constexpr (requires { Backend::install(); }) Backend::install();
  std::deque<Diary> diaries(count);
  const TimePoint start = Backend::now() + std::chrono::milliseconds(20);  // when all of them have been made
  std::vector<decltype(Backend::spawn(std::declval<void (*)()>()))> workers;
  for (Diary& diary : diaries) {
    workers.push_back(Backend::spawn(
        [&pool, &use, start, length, &diary] { work<Backend>(pool, use, start, start + length, diary); }));
  }
  for (auto& worker : workers) worker.join();
  return diaries;
}

/// Time: the length divided by all cycles. wait_*: quantiles of the time in acquire(), of all cycles together,
/// and wait_p99.9_worst of that worker for whom it is longest: where few workers make most of the cycles, the others'
/// waits are lost among them. fairness: the cycles of the slowest worker divided by those of the fastest; 1 is perfect.
inline void report(benchmark::State& state, const std::deque<Diary>& diaries, Duration length = span) {
  compare::Histogram waits;
  Duration worst{};
  std::uint64_t cycles = 0, fastest = 0, slowest = UINT64_MAX;
  for (const Diary& diary : diaries) {
    waits.merge(diary.waits);
    worst = std::max(worst, diary.waits.quantile(0.999));
    cycles += diary.cycles;
    fastest = std::max(fastest, diary.cycles);
    slowest = std::min(slowest, diary.cycles);
  }
  const auto microseconds = [](Duration time) { return std::chrono::duration<double, std::micro>(time).count(); };
  const double seconds = std::chrono::duration<double>(length).count();
  state.SetIterationTime(seconds / static_cast<double>(cycles));
  state.counters["cycles_per_s"] = static_cast<double>(cycles) / seconds;
  state.counters["wait_p50_us"] = microseconds(waits.quantile(0.5));
  state.counters["wait_p99_us"] = microseconds(waits.quantile(0.99));
  state.counters["wait_p99.9_us"] = microseconds(waits.quantile(0.999));
  state.counters["wait_p99.9_worst_us"] = microseconds(worst);
  state.counters["wait_max_us"] = microseconds(waits.max());
  state.counters["fairness"] = static_cast<double>(slowest) / static_cast<double>(fastest);
}

}  // namespace carpool::bench

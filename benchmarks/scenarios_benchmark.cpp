// needs: boost_thread_backend, fiber_backend, simulation_backend, tcp_connector
/// What does a whole pool do on a bad day: a crowd at an empty pool, a server that goes away, all connections replaced?
///
/// Row scenarios/spike: fifty callers at once on a pool with five idle connections; each works for 2 ms, a connect
/// takes 150 ms; with max_connecting as it is by default, 2, and 1. Counters: served, opened (connections, the five
/// included), took_ms. Row scenarios/outage: 200 workers on 20 connections in simulated time; the server refuses
/// everybody for a minute. Counters: probes_per_s, the most connects tried in any second of the outage;
/// probes_per_minute, all of them; at_once, the most connects within the time that one takes after the server's return;
/// back_ms, until the pool's first answer. Rows scenarios/rotation/...: sixteen threads on eight connections, held for
/// 1 ms; a connect takes 5 ms; in the middle of two seconds retire_all() replaces every connection, or nothing happens
/// (quiet). Counters as in contention.
#include "pools.hpp"
#include "workers.hpp"

#include <carpool/simulation_backend.hpp>
#include <carpool/tcp_connector.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;
using carpool::Duration, carpool::ThreadBackend, carpool::TimePoint;

[[nodiscard]] double milliseconds(Duration length) { return std::chrono::duration<double, std::milli>(length).count(); }

/// As NullConnector, but a connect takes its time and is counted.
class SlowConnector : public NullConnector {
 public:
  SlowConnector(Duration connect_takes, std::atomic<std::size_t>& opened)
      : connect_takes_(connect_takes), opened_(&opened) {}
  [[nodiscard]] int connect(TimePoint) const {
    ++*opened_;
    ThreadBackend::sleep_until(ThreadBackend::now() + connect_takes_);
    return 1;
  }

 private:
  Duration connect_takes_;
  std::atomic<std::size_t>* opened_;
};

// --- spike ---------------------------------------------------------------------------------------------

/// All callers ask at the same time, start; returns how many had a connection.
template <class Pool>
std::size_t call_at_once(Pool& pool, std::size_t callers, TimePoint start) {
  std::atomic<std::size_t> served = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      ThreadBackend::sleep_until(start);
      auto lease = pool.acquire();
      ThreadBackend::sleep_until(ThreadBackend::now() + 2ms);
      ++served;
    });
  }
  threads.clear();  // joins
  return served;
}

/// Five connections open, up to fifty possible.
template <class Pool>
[[nodiscard]] std::unique_ptr<Pool> make_for_spike(const SlowConnector& connector, std::size_t max_connecting) {
  if constexpr (std::constructible_from<Pool, SlowConnector, carpool::PoolOptions>) {
    const carpool::PoolOptions options{.max_size = 50, .min_idle = 5, .max_connecting = max_connecting};
    auto pool = std::make_unique<Pool>(connector, options);
    static_cast<void>(pool->prewarm(5, 30s));
    return pool;
  } else {
    auto pool = std::make_unique<Pool>(connector, 50, 30s);
    pool->prewarm(5);
    return pool;
  }
}

template <class Pool>
void spike(benchmark::State& state, std::size_t max_connecting) {
  std::atomic<std::size_t> opened = 0;
  const auto pool = make_for_spike<Pool>(SlowConnector(150ms, opened), max_connecting);
  for (auto _ : state) {
    const TimePoint begin = ThreadBackend::now() + 50ms;
    state.counters["served"] = static_cast<double>(call_at_once(*pool, 50, begin));
    state.counters["took_ms"] = milliseconds(ThreadBackend::now() - begin);
  }
  ThreadBackend::sleep_until(ThreadBackend::now() + 400ms);  // what was begun for the callers counts too
  state.counters["opened"] = static_cast<double>(opened);
}

// --- outage --------------------------------------------------------------------------------------------

using carpool::SimulationBackend;
using SimulatedPool = carpool::ConnectionPool<SimulationBackend, carpool::LifoStack, carpool::TcpConnector>;

struct Outage {
  TimePoint begin, end;
  TimePoint first_answer = carpool::never;  // after the end
  std::vector<TimePoint> attempts;

  /// The most attempts in any stretch of that length between two times.
  [[nodiscard]] std::size_t most_within(Duration length, TimePoint from, TimePoint to) const {
    std::size_t most = 0;
    for (auto first = std::lower_bound(attempts.begin(), attempts.end(), from); first != attempts.end(); ++first) {
      const auto last = std::lower_bound(first, attempts.end(), std::min(*first + length, to));
      most = std::max(most, static_cast<std::size_t>(std::max<std::ptrdiff_t>(last - first, 0)));
    }
    return most;
  }
};

void ask_until(TimePoint end, SimulatedPool& pool, Outage& outage) {
  for (; SimulationBackend::now() < end; SimulationBackend::sleep_until(SimulationBackend::now() + 1s)) {
    try {
      auto lease = pool.acquire();
      lease->write_all("question\n");
      static_cast<void>(lease->read_until("\n"));
      if (SimulationBackend::now() > outage.end)
        outage.first_answer = std::min(outage.first_answer, SimulationBackend::now());
    } catch (const std::runtime_error&) {  // what the caller would see: asked again a second later
    }
  }
}

void rehearse_outage(Outage& outage) {
  auto& server = carpool::SimulatedNetwork::current().server("db.example", 5432);
  server.link.latency = 2ms;
  SimulatedPool pool({.host = "db.example", .port = 5432}, {.max_size = 20});
  const TimePoint start = SimulationBackend::now();
  outage.begin = start + 20s;
  outage.end = outage.begin + 60s;
  std::vector<SimulationBackend::Task> workers;
  for (int i = 0; i < 200; ++i) {
    workers.push_back(SimulationBackend::spawn([&] { ask_until(start + 100s, pool, outage); }));
  }
  SimulationBackend::sleep_until(outage.begin);
  server.go_down(60s);
  workers.clear();  // joins
  outage.attempts = server.attempts();
}

void outage(benchmark::State& state) {
  Outage seen;
  for (auto _ : state) {
    const auto report = carpool::rehearse([&] { rehearse_outage(seen); });
    if (!report.ok()) state.SkipWithError("the rehearsal failed");
  }
  const auto in_outage = [&](TimePoint time) { return time >= seen.begin && time < seen.end; };
  const auto count = std::count_if(seen.attempts.begin(), seen.attempts.end(), in_outage);
  state.counters["probes_per_minute"] = static_cast<double>(count);
  state.counters["probes_per_s"] = static_cast<double>(seen.most_within(1s, seen.begin, seen.end));
  state.counters["at_once"] = static_cast<double>(seen.most_within(4ms, seen.end, carpool::never));
  state.counters["back_ms"] = milliseconds(seen.first_answer - seen.end);
}

// --- rotation ------------------------------------------------------------------------------------------

constexpr Duration length = 2s;

template <class Pool>
void rotation(benchmark::State& state, bool rotates) {
  std::atomic<std::size_t> opened = 0;
  const auto pool = make_warm<Pool>(SlowConnector(5ms, opened), of_size(8));
  const auto hold = [](auto&, std::uint64_t) { ThreadBackend::sleep_until(ThreadBackend::now() + 1ms); };
  for (auto _ : state) {
    const std::jthread operator_at_work([&] {
      ThreadBackend::sleep_until(ThreadBackend::now() + 1s);
      if (rotates) pool->retire_all();
    });
    report(state, run_workers<ThreadBackend>(*pool, 16, hold, length), length);
  }
  state.counters["opened"] = static_cast<double>(opened);
}

template <class Run>
void add(const std::string& name, const Run& run) {
  benchmark::RegisterBenchmark(("scenarios/" + name).c_str(), run)->Iterations(1);
}

[[maybe_unused]] const bool registered = [] {
  using Pool = carpool::ConnectionPool<ThreadBackend, carpool::LifoStack, SlowConnector>;
  using Plain = PlainPoolOn<ThreadBackend, SlowConnector>;
  add("spike/thread/lifo", [](benchmark::State& state) { spike<Pool>(state, carpool::PoolOptions().max_connecting); });
  add("spike/thread/lifo/max_connecting:1", [](benchmark::State& state) { spike<Pool>(state, 1); });
  add("spike/thread/plain", [](benchmark::State& state) { spike<Plain>(state, 0); });
  add("outage/simulation/lifo", outage);
  add("rotation/thread/lifo/quiet", [](benchmark::State& state) { rotation<Pool>(state, false); });
  add("rotation/thread/lifo/retire_all", [](benchmark::State& state) { rotation<Pool>(state, true); });
  return true;
}();

}  // namespace

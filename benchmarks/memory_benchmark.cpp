// needs: boost_thread_backend, fiber_backend
/// How much memory does a pooled connection take beside itself?
///
/// Rows: memory/<backend>/<queue>/connections:10000. bytes_per_connection is what malloc has handed out, its own
/// headers included, with 11,000 connections in the pool less what it has with 1,000, divided by 10,000, less the size
/// of the connection. Time is that of filling the larger pool, and says little.
#include "peers.hpp"
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <malloc.h>

namespace {

using namespace carpool::bench;

constexpr std::int64_t few = 1'000, more = 10'000;

/// Large enough that malloc's rounding does not hide in it, and nothing of its own on the heap.
struct SizedConnector {
  struct Connection {
    std::int64_t words[4] = {};
  };
  [[nodiscard]] Connection connect(carpool::TimePoint) const noexcept { return {}; }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
};

[[nodiscard]] std::int64_t bytes_in_use() {
  const auto memory = ::mallinfo2();
  return static_cast<std::int64_t>(memory.uordblks + memory.hblkhd);
}

template <class Pool>
std::int64_t bytes_of_pool(std::int64_t size) {
  const std::int64_t before = bytes_in_use();
  const auto pool = make_warm<Pool>(SizedConnector{}, of_size(size));
  return bytes_in_use() - before;
}

template <class Pool, std::int64_t size_of_connection>
void memory(benchmark::State& state) {
  std::int64_t bytes = 0;
  for (auto _ : state) bytes = bytes_of_pool<Pool>(few + more) - bytes_of_pool<Pool>(few);
  state.counters["bytes_per_connection"] =
      static_cast<double>(bytes) / static_cast<double>(more) - static_cast<double>(size_of_connection);
}

struct Add {
  template <class Pool>
  void operator()(const std::string& name) const {
    using Lease = decltype(std::declval<Pool&>().acquire());
    using Connection = std::remove_cvref_t<decltype(*std::declval<Lease&>())>;
    const std::string title = "memory/" + name + "/connections:" + std::to_string(more);
    benchmark::RegisterBenchmark(title.c_str(), memory<Pool, sizeof(Connection)>)->Iterations(1);
  }
};

[[maybe_unused]] const bool registered = [] {
  for_each_pool<carpool::SingleBackend, SizedConnector>("single", Add{});
  for_each_pool<carpool::ThreadBackend, SizedConnector>("thread", Add{});
  for_each_peer<SizedConnector>("thread", Add{});
  return true;
}();

}  // namespace

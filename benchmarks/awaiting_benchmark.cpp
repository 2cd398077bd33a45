// needs: asio, fiber_backend
/// What does it cost to await a connection in a coroutine, beside a caller that sleeps for it?
///
/// Rows: awaiting/ready/<way>: a connection is there. awaiting/handover/<way>: two callers of one thread share one
/// connection, with handoff_after = 0, so that a cycle is a hand-over and nothing else. Ways: lock and cached, callers
/// that would sleep, with FifoQueue and LifoStack; fiber; awaiter: acquire_on with an executor of ten lines; co_acquire
/// and token: Boost.Asio's, the last by use_awaitable. Beside them: channel, Boost.Asio's concurrent_channel as a pool
/// without deadlines, and post, which every completion through a token includes. Counter allocations_per_cycle counts
/// operator new in the measured thread.

// Asio's blocks come from operator new then, and are counted.
#define BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC
#define BOOST_ASIO_DISABLE_BOOST_ALIGN

#include "../tests/support/detached_coroutine.hpp"
#include "allocations.hpp"
#include "null_connector.hpp"
#include "pools.hpp"

#include <carpool/asio_acquire.hpp>
#include <carpool/awaitable.hpp>

#include <benchmark/benchmark.h>

#include <boost/asio.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/fiber/operations.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;
using carpool::FiberBackend;
using carpool::ThreadBackend;
namespace asio = boost::asio;

/// Coroutines are given only connections that know whether they are torn. This one never is.
struct WholeConnector : NullConnector {
  [[nodiscard]] bool reusable(const Connection&) const noexcept { return true; }
};
template <class Backend, class Queue>
using PoolOf = carpool::ConnectionPool<Backend, Queue, WholeConnector>;
using Pool = PoolOf<ThreadBackend, carpool::LifoStack>;

/// Counts, and says what it has counted when a row ends.
class Allocations {
 public:
  explicit Allocations(benchmark::State& state) : state_(state) {}
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;
  ~Allocations() {
    const auto made = static_cast<double>(allocation_faults::made_here - before_);
    state_.counters["allocations_per_cycle"] = made / static_cast<double>(state_.iterations());
  }

 private:
  benchmark::State& state_;
  const std::size_t before_ = allocation_faults::made_here;
};

/// Of one thread.
class Loop {
 public:
  void post(carpool::Continuation& continuation) noexcept {
    continuation.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &continuation;
    last_ = &continuation;
  }
  void run() noexcept {
    while (first_ != nullptr) {
      carpool::Continuation& next = *std::exchange(first_, first_->next);
      next.resume(next);
    }
  }

 private:
  carpool::Continuation* first_ = nullptr;
  carpool::Continuation* last_ = nullptr;
};

/// How two callers share the cycles of a row: the first counts them, in pairs, and the other does as many.
struct Cycles {
  benchmark::State& state;
  bool over = false;

  [[nodiscard]] bool more(bool first) {
    if (!first) return !over;
    if (state.KeepRunningBatch(2)) return true;
    over = true;
    return false;
  }
};

// --- ready ---------------------------------------------------------------------------------------------

template <class AnyPool>
void ready_without_a_wait(benchmark::State& state) {
  const auto pool = make_warm<AnyPool>(WholeConnector{}, of_size(8));
  const Allocations count(state);
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
}
void ready_awaiter(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, of_size(8));
  Loop loop;
  [](benchmark::State& of, Pool& from, Loop& on) -> DetachedCoroutine {
    const Allocations count(of);
    while (of.KeepRunning()) {
      auto lease = co_await carpool::acquire_on(from, on);
      benchmark::DoNotOptimize(*lease);
    }
  }(state, *pool, loop);
  loop.run();
}

/// Runs coroutines of Boost.Asio on one thread until they have ended.
template <class... Coroutines>
void run_on_asio(Coroutines... coroutines) {
  asio::io_context context(1);
  (asio::co_spawn(context, std::move(coroutines), asio::detached), ...);
  context.run();
}
void ready_co_acquire(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, of_size(8));
  run_on_asio([&]() -> asio::awaitable<void> {
    const Allocations count(state);
    while (state.KeepRunning()) auto lease = co_await carpool::co_acquire(*pool);
  });
}
void ready_token(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, of_size(8));
  run_on_asio([&]() -> asio::awaitable<void> {
    const Allocations count(state);
    while (state.KeepRunning()) auto lease = co_await carpool::async_acquire(*pool, asio::use_awaitable);
  });
}
void post(benchmark::State& state) {
  run_on_asio([&]() -> asio::awaitable<void> {
    const Allocations count(state);
    while (state.KeepRunning()) co_await asio::post(asio::use_awaitable);
  });
}

// --- hand-over -----------------------------------------------------------------------------------------

constexpr carpool::PoolOptions strict{.max_size = 1, .handoff_after = 0ns};

void handover_fiber(benchmark::State& state) {
  FiberBackend::install();
  const auto pool = make_warm<PoolOf<FiberBackend, carpool::LifoStack>>(WholeConnector{}, strict);
  Cycles cycles{state};
  const auto take_turns = [&](bool first) {
    while (cycles.more(first)) {
      auto lease = pool->acquire();
      benchmark::DoNotOptimize(*lease);
    }
  };
  auto held = pool->acquire();
  auto other = FiberBackend::spawn([&] { take_turns(false); });
  auto one = FiberBackend::spawn([&] {
    const Allocations count(state);
    take_turns(true);
  });
  while (pool->stats().waiting < 2) boost::this_fiber::yield();
  held.release();
  one.join();
  other.join();
}
void handover_awaiter(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, strict);
  Loop loop;
  Cycles cycles{state};
  const auto take_turns = [](Cycles& of, bool first, Pool& from, Loop& on) -> DetachedCoroutine {
    const Allocations count(of.state);
    while (of.more(first)) {
      auto lease = co_await carpool::acquire_on(from, on);
      benchmark::DoNotOptimize(*lease);
    }
  };
  auto held = pool->acquire();
  take_turns(cycles, true, *pool, loop);
  take_turns(cycles, false, *pool, loop);
  held.release();
  loop.run();
}
/// `take`: how a coroutine gets a connection, which it holds until the end of the cycle.
template <class Take>
void handover_asio(benchmark::State& state, Pool& pool, Take take) {
  Cycles cycles{state};
  const auto take_turns = [&](bool first) -> asio::awaitable<void> {
    const Allocations count(state);
    while (cycles.more(first)) auto held = co_await take();
  };
  run_on_asio([&]() -> asio::awaitable<void> { return take_turns(true); },
              [&]() -> asio::awaitable<void> { return take_turns(false); },
              [held = pool.acquire()]() mutable -> asio::awaitable<void> {
                held.release();
                co_return;
              });
}
void handover_co_acquire(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, strict);
  handover_asio(state, *pool, [&] { return carpool::co_acquire(*pool); });
}
void handover_token(benchmark::State& state) {
  const auto pool = make_warm<Pool>(WholeConnector{}, strict);
  handover_asio(state, *pool, [&] { return carpool::async_acquire(*pool, asio::use_awaitable); });
}

// --- a channel that holds the connections ----------------------------------------------------------------

void channel(benchmark::State& state, std::size_t callers) {
  using Channel = asio::experimental::concurrent_channel<void(boost::system::error_code, int)>;
  asio::io_context context(1);
  Channel connections(context, 1);
  Cycles cycles{state};
  const auto take_turns = [&](bool first) -> asio::awaitable<void> {
    const Allocations count(state);
    while (cycles.more(first)) {
      const int connection = co_await connections.async_receive(asio::use_awaitable);
      connections.try_send(boost::system::error_code(), connection);
    }
  };
  for (std::size_t i = 0; i < callers; ++i) asio::co_spawn(context, take_turns(i == 0), asio::detached);
  asio::post(context, [&] { connections.try_send(boost::system::error_code(), 1); });
  context.run();
}

[[maybe_unused]] const SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  const auto add = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(("awaiting/" + name).c_str(), run);
  };
  add("ready/lock", ready_without_a_wait<PoolOf<ThreadBackend, carpool::FifoQueue>>);
  add("ready/cached", ready_without_a_wait<Pool>);
  add("ready/awaiter", ready_awaiter);
  add("ready/co_acquire", ready_co_acquire);
  add("ready/token", ready_token);
  add("ready/post", post);
  add("ready/channel", [](benchmark::State& state) { channel(state, 1); });
  add("handover/fiber", handover_fiber);
  add("handover/awaiter", handover_awaiter);
  add("handover/co_acquire", handover_co_acquire);
  add("handover/token", handover_token);
  add("handover/channel", [](benchmark::State& state) { channel(state, 2); });
  return true;
}();

}  // namespace

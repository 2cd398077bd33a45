// needs: boost_thread_backend, fiber_backend
/// What does the order of a queue cost, and does it grow with the number of idle connections?
///
/// Rows: queue/alone/<queue>/<pattern>/idle:N. Beside each queue stands the standard container of the same order: a
/// vector for LifoStack and AffineBag, a deque for FifoQueue, a priority_queue and a set for LifetimeQueue.
/// Rows: queue/thread/<queue>/pool:M/threads:1: the same inside a pool, a cycle of acquire() and release with M idle.
#include "pools.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using carpool::Slot;

constexpr carpool::WorkerId worker = 1;

struct IsYounger {
  bool operator()(const Slot* left, const Slot* right) const noexcept {
    return left->born != right->born ? left->born > right->born : left->id > right->id;
  }
};
struct IsOlder {
  bool operator()(const Slot* left, const Slot* right) const noexcept { return IsYounger{}(right, left); }
};

// The standard containers under the queues' verbs. Only those that can remove from the middle have remove.

struct Vector {
  std::vector<Slot*> slots;
  void push(Slot& slot) { slots.push_back(&slot); }
  Slot* pop() {
    Slot* const slot = slots.back();
    slots.pop_back();
    return slot;
  }
};

struct Deque {
  std::deque<Slot*> slots;
  void push(Slot& slot) { slots.push_back(&slot); }
  Slot* pop() {
    Slot* const slot = slots.front();
    slots.pop_front();
    return slot;
  }
};

struct PriorityQueue {
  std::priority_queue<Slot*, std::vector<Slot*>, IsYounger> slots;
  void push(Slot& slot) { slots.push(&slot); }
  Slot* pop() {
    Slot* const slot = slots.top();
    slots.pop();
    return slot;
  }
};

struct Set {
  std::set<Slot*, IsOlder> slots;
  void push(Slot& slot) { slots.insert(&slot); }
  void remove(Slot& slot) { slots.erase(&slot); }
  Slot* pop() { return slots.extract(slots.begin()).value(); }
};

template <class Queue>
Slot* pop_from(Queue& queue) {
  if constexpr (requires { queue.pop(worker); }) {
    Slot* const slot = queue.pop(worker);
    slot->last_worker = worker;
    return slot;
  } else {
    return queue.pop();
  }
}

/// A queue with n idle slots of random ages, and its first, dearest pops behind it.
template <class Queue>
struct Filled {
  explicit Filled(std::size_t count) : slots(std::make_unique<Slot[]>(count)), size(count) {
    std::mt19937_64 random(5);
    for (std::size_t i = 0; i < count; ++i) {
      slots[i].id = i + 1;
      slots[i].born = carpool::TimePoint{} + std::chrono::nanoseconds(random() % 1'000'000'000);
      queue.push(slots[i]);
    }
    for (std::size_t i = 0; i < 2 * count; ++i) queue.push(*pop_from(queue));
  }
  std::unique_ptr<Slot[]> slots;
  std::size_t size;
  Queue queue;
};

/// One borrower: the slot that is taken comes back at once.
template <class Queue>
void one_out(benchmark::State& state) {
  Filled<Queue> filled(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Slot* const slot = pop_from(filled.queue);
    benchmark::DoNotOptimize(slot);
    filled.queue.push(*slot);
  }
}

/// Four borrowers: each slot comes back after three others have been taken.
template <class Queue>
void four_out(benchmark::State& state) {
  Filled<Queue> filled(static_cast<std::size_t>(state.range(0)));
  std::array<Slot*, 4> out{};
  for (auto& slot : out) slot = pop_from(filled.queue);
  std::size_t turn = 0;
  for (auto _ : state) {
    Slot*& oldest_lease = out[turn++ % out.size()];
    filled.queue.push(*oldest_lease);
    oldest_lease = pop_from(filled.queue);
    benchmark::DoNotOptimize(oldest_lease);
  }
}

/// The reaper: any slot leaves from the middle and a young one comes instead.
template <class Queue>
void replaced(benchmark::State& state) {
  Filled<Queue> filled(static_cast<std::size_t>(state.range(0)));
  std::minstd_rand random(6);
  auto now = carpool::TimePoint{} + std::chrono::seconds(2);
  for (auto _ : state) {
    Slot& slot = filled.slots[random() % filled.size];
    filled.queue.remove(slot);
    slot.born = now += std::chrono::nanoseconds(1);
    filled.queue.push(slot);
  }
}

template <class Queue>
void add(const std::string& name) {
  const auto with_sizes = [](benchmark::internal::Benchmark* row) {
    row->ArgName("idle")->Arg(8)->Arg(100)->Arg(10'000);
  };
  with_sizes(benchmark::RegisterBenchmark(("queue/alone/" + name + "/one_out").c_str(), one_out<Queue>));
  with_sizes(benchmark::RegisterBenchmark(("queue/alone/" + name + "/four_out").c_str(), four_out<Queue>));
  if constexpr (requires(Queue queue, Slot& slot) { queue.remove(slot); }) {
    with_sizes(benchmark::RegisterBenchmark(("queue/alone/" + name + "/replaced").c_str(), replaced<Queue>));
  }
}

template <class Pool>
void inside_a_pool(benchmark::State& state) {
  using namespace carpool::bench;
  const auto pool = make_warm<Pool>(NullConnector{}, of_size(state.range(0)));
  for (auto _ : state) {
    auto lease = pool->acquire();
    benchmark::DoNotOptimize(*lease);
  }
}

struct AddPool {
  template <class Pool>
  void operator()(const std::string& name) const {
    const std::string title = "queue/" + name;
    auto* const row = benchmark::RegisterBenchmark(title.c_str(), inside_a_pool<Pool>);
    row->ArgName("pool")->Arg(8)->Arg(100)->Arg(10'000)->Threads(1);
  }
};

[[maybe_unused]] const carpool::bench::SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  add<Vector>("std_vector");
  add<carpool::LifoStack>("lifo");
  add<carpool::AffineBag>("affine");
  add<Deque>("std_deque");
  add<carpool::FifoQueue>("fifo");
  add<PriorityQueue>("std_priority_queue");
  add<Set>("std_set");
  add<carpool::LifetimeQueue>("lifetime");
  carpool::bench::for_each_pool<carpool::ThreadBackend, carpool::bench::NullConnector>("thread", AddPool{});
  return true;
}();

}  // namespace

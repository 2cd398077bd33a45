// needs: simulation_backend
// Stores that others see late, as x86 does it: protocols that need a barrier fail without it, and hold with it.
#include <carpool/simulation_backend.hpp>

#include <atomic>
#include <string>

#include <gtest/gtest.h>

#include "simulation_explore.hpp"

namespace {

using B = carpool::SimulationBackend;
using carpool::Simulation;
using Kind = carpool::SimulationFailure::Kind;

/// Each side announces itself and looks for the other: publish the connection, look for waiters.
void publish_and_look(bool heavy) {
  B::Atomic<int> connection{0};
  B::Atomic<int> waiter{0};
  int releaser_saw = -1;
  int waiter_saw = -1;
  auto releaser = B::spawn([&] {
    connection.store(1, std::memory_order_release);
    B::light_barrier();
    releaser_saw = waiter.load(std::memory_order_acquire);
  });
  waiter.store(1, std::memory_order_relaxed);
  if (heavy) B::heavy_barrier();
  waiter_saw = connection.load(std::memory_order_acquire);
  releaser.join();
  Simulation::check(releaser_saw == 1 || waiter_saw == 1, "neither saw the other");
}

TEST(WeakOrder, AHeavyBarrierOnOneSideIsEnough) {
  expect_holds([] { publish_and_look(true); });
}
TEST(WeakOrder, WithoutItNeitherMaySeeTheOther) {
  expect_found(Kind::law, [] { publish_and_look(false); });
}
TEST(WeakOrder, SequentialConsistencyWouldHideIt) {
  const auto report = carpool::simulate({.search = carpool::SimulationSearch::depth_first,
                                         .schedules = 10'000,
                                         .preemptions = 4,
                                         .memory = carpool::SimulatedMemory::sequential},
                                        [] { publish_and_look(false); });
  EXPECT_TRUE(report.ok() && report.complete) << report.to_string();
}

/// What a faulty mutex leaves out.
enum class Fault { none, heavy_barrier, announcing_again, clearing_first };

/// A copy of AsymmetricMutex, step by step as numbered there, on simulated words; a parking slot stands for the futex.
class CopiedMutex {
 public:
  explicit CopiedMutex(Fault fault) : fault_(fault) {}

  void lock() {
    if (take()) return;
    for (bool first = true;; first = false) {
      if (first || fault_ != Fault::announcing_again) sleepers_.store(1, std::memory_order_relaxed);  // P1
      if (fault_ != Fault::heavy_barrier) B::heavy_barrier();                                         // P2
      if (take()) return;                                                                             // P3
      futex_wait();                                                                                   // P4
    }
  }
  void unlock() {
    locked_.store(0, std::memory_order_release);                                         // U1
    B::light_barrier();                                                                  // U2
    if (sleepers_.load(std::memory_order_relaxed) == 0) return;                          // U3
    if (fault_ != Fault::clearing_first) sleepers_.store(0, std::memory_order_relaxed);  // U4
    futex_wake();                                                                        // U5
  }

 private:
  bool take() {
    int free = 0;
    return locked_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  /// The kernel compares and goes to sleep in one step.
  void futex_wait() {
    typename B::ParkingSlot bed;
    kernel_.lock();
    const bool sleep = sleepers_.load() == 1;
    if (sleep) beds_.push_back(&bed);
    kernel_.unlock();
    if (sleep) bed.park_until(carpool::never);
  }
  void futex_wake() {
    kernel_.lock();
    auto* const first = beds_.empty() ? nullptr : beds_.front();
    if (first != nullptr) beds_.erase(beds_.begin());
    kernel_.unlock();
    if (first != nullptr) [[maybe_unused]]
      const auto now = first->unpark();
  }

  Fault fault_;
  B::Atomic<int> locked_{0};
  B::Atomic<int> sleepers_{0};
  B::Mutex kernel_;
  std::vector<B::ParkingSlot*> beds_;
};

void three_take_turns(Fault fault) {
  CopiedMutex mutex(fault);
  int inside = 0;
  const auto work = [&] {
    for (int round = 0; round < 2; ++round) {
      mutex.lock();
      Simulation::check(++inside == 1, "two owners");
      Simulation::step();
      --inside;
      mutex.unlock();
    }
  };
  auto first = B::spawn(work);
  auto second = B::spawn(work);
  work();
}

constexpr ExploringBudget wide{.depth_first = 60'000, .random = 30'000, .priorities = 30'000};

TEST(WeakOrder, TheAsymmetricMutexHolds) {
  expect_holds([] { three_take_turns(Fault::none); }, wide);
}
TEST(WeakOrder, TheAsymmetricMutexLosesAWakeUpWithoutTheHeavyBarrier) {
  expect_found(Kind::deadlock, [] { three_take_turns(Fault::heavy_barrier); }, wide);
}
TEST(WeakOrder, TheAsymmetricMutexLosesAWakeUpIfTheWokenDoNotAnnounceThemselvesAgain) {
  expect_found(Kind::deadlock, [] { three_take_turns(Fault::announcing_again); }, wide);
}

TEST(WeakOrder, ATaskSeesItsOwnStoresAtOnceAndOthersSeeThemInOrder) {
  expect_holds([] {
    B::Atomic<int> data{0};
    B::Atomic<int> ready{0};
    auto reader = B::spawn([&] {
      if (ready.load(std::memory_order_acquire) == 1) Simulation::check(data.load() == 7, "out of order");
    });
    data.store(7, std::memory_order_relaxed);
    ready.store(1, std::memory_order_release);
    Simulation::check(data.load() == 7 && ready.load() == 1, "a task does not see what it stored");
  });
}

TEST(WeakOrder, MutexesAndReadModifyWritesPublishWhatWasStoredBefore) {
  expect_holds([] {
    B::Atomic<int> word{0};
    B::Atomic<int> turn{0};
    B::Mutex mutex;
    bool stored = false;
    auto writer = B::spawn([&] {
      word.store(1, std::memory_order_relaxed);
      mutex.lock();
      stored = true;
      mutex.unlock();
      word.store(2, std::memory_order_relaxed);
      turn.fetch_add(1);
    });
    mutex.lock();
    Simulation::check(!stored || word.load() >= 1, "a mutex does not publish");
    mutex.unlock();
    if (turn.load() == 1) Simulation::check(word.load() == 2, "a read-modify-write does not publish");
  });
}

TEST(WeakOrder, AStoreBecomesVisibleSomeTime) {
  expect_holds(
      [] {
        B::Atomic<int> word{0};
        B::Atomic<int> other{0};
        auto waits = B::spawn([&] {
          while (word.load(std::memory_order_acquire) == 0) {
          }
        });
        word.store(1, std::memory_order_release);
        for (int i = 0; i < 40; ++i) static_cast<void>(other.load());
      },
      {.preemptions = 1, .depth_first = 1'000, .stops = 0});  // who spins would go round in circles meanwhile
}

}  // namespace

/// Laws of a backend's mutex, atomics and barriers.
#pragma once

#include "backend_conformance_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

/// Eight tasks raise a plain counter under the mutex; none may find another inside.
template <class Backend, class Spawn>
void expect_mutex_excludes(Spawn spawn) {
  constexpr int tasks = 8;
  constexpr int rounds = 5'000;
  typename Backend::Mutex mutex;
  int counter = 0;       // guarded by mutex
  bool inside = false;   // guarded by mutex
  int trespassers = 0;   // guarded by mutex
  {
    const auto raise = [&] {
      for (int i = 0; i < rounds; ++i) {
        const Lock<Backend> lock(mutex);
        trespassers += inside;
        inside = true;
        ++counter;
        inside = false;
      }
    };
    std::vector<decltype(spawn(raise))> running;
    for (int i = 0; i < tasks; ++i) running.push_back(spawn(raise));
  }
  EXPECT_EQ(counter, tasks * rounds);
  EXPECT_EQ(trespassers, 0);
}

TYPED_TEST_P(BackendConformance, TheMutexExcludes) {
  expect_mutex_excludes<TypeParam>([](auto work) { return TypeParam::spawn(work); });
}

TYPED_TEST_P(BackendConformance, TheMutexExcludesThreads) {
  expect_mutex_excludes<TypeParam>([](auto work) { return TypeParam::spawn_background(work); });
}

TYPED_TEST_P(BackendConformance, AtomicsCountWithoutLoss) {
  constexpr std::uint64_t rounds = 20'000;
  typename TypeParam::template Atomic<std::uint64_t> counter{0};
  {
    const auto count = [&] {
      for (std::uint64_t i = 0; i < rounds; ++i) {
        counter.fetch_add(3, std::memory_order_relaxed);
        counter.fetch_sub(1, std::memory_order_acq_rel);
        std::uint64_t seen = counter.load(std::memory_order_relaxed);
        while (!counter.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        }
      }
    };
    std::vector<decltype(TypeParam::spawn_background(count))> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(TypeParam::spawn_background(count));
  }
  EXPECT_EQ(counter.load(std::memory_order_acquire), 4 * rounds);
}

TYPED_TEST_P(BackendConformance, AtomicsExchangeAndCompare) {
  typename TypeParam::template Atomic<std::uint32_t> word{1};
  EXPECT_EQ(word.exchange(2, std::memory_order_acq_rel), 1u);
  std::uint32_t expected = 7;
  EXPECT_FALSE(word.compare_exchange_strong(expected, 9, std::memory_order_acquire));
  EXPECT_EQ(expected, 2u) << "a failed exchange says what is there";
  EXPECT_TRUE(word.compare_exchange_strong(expected, 9, std::memory_order_seq_cst, std::memory_order_relaxed));
  EXPECT_EQ(word.load(), 9u);
  word.store(5, std::memory_order_release);
  EXPECT_EQ(word.fetch_add(2, std::memory_order_relaxed), 5u);
  EXPECT_EQ(word.fetch_sub(7, std::memory_order_relaxed), 7u);
  EXPECT_EQ(word.load(std::memory_order_relaxed), 0u);

  int target = 0;
  typename TypeParam::template Atomic<int*> pointer{nullptr};
  EXPECT_EQ(pointer.exchange(&target, std::memory_order_acq_rel), nullptr);
  EXPECT_EQ(pointer.load(std::memory_order_acquire), &target);
}

/// The light side writes k = 1, 2, 3 ... and reads what the heavy side wrote; the heavy side the other way round. Round
/// k of the light side is the first that heavy round j did not see; then round k must have seen j.
TYPED_TEST_P(BackendConformance, OfTwoBarriersOneSideSeesTheOther) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  constexpr std::uint32_t light_rounds = 4'000'000;
  constexpr std::uint32_t heavy_rounds = 2'000;
  struct alignas(64) Word {
    typename TypeParam::template Atomic<std::uint32_t> value{0};
  };
  Word light;
  Word heavy;
  std::vector<std::uint32_t> seen_by_light(light_rounds + 1, 0);  // written by the task, read after join
  auto task = TypeParam::spawn_background([&] {
    for (std::uint32_t k = 1; k <= light_rounds; ++k) {
      light.value.store(k, std::memory_order_relaxed);
      TypeParam::light_barrier();
      seen_by_light[k] = heavy.value.load(std::memory_order_relaxed);
      if (seen_by_light[k] == heavy_rounds) break;
    }
    light.value.store(light_rounds, std::memory_order_relaxed);
  });
  std::vector<std::uint32_t> seen_by_heavy(heavy_rounds + 1, light_rounds);
  for (std::uint32_t j = 1; j <= heavy_rounds; ++j) {
    heavy.value.store(j, std::memory_order_relaxed);
    TypeParam::heavy_barrier();
    seen_by_heavy[j] = light.value.load(std::memory_order_relaxed);
  }
  task.join();
  int both_blind = 0;
  for (std::uint32_t j = 1; j <= heavy_rounds; ++j) {
    const std::uint32_t first_unseen = seen_by_heavy[j] + 1;
    if (first_unseen > light_rounds || seen_by_light[first_unseen] == 0) continue;  // the task had ended by then
    both_blind += seen_by_light[first_unseen] < j;
  }
  EXPECT_EQ(both_blind, 0);
}

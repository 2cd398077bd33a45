/// Laws of a backend's mutex, atomics and barriers.
#pragma once

#include "backend_conformance_fixture.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Eight tasks raise a plain counter under the mutex; none may find another inside. For some time slices at least, so
/// that also on a busy machine some of them are interrupted inside, or run at the same time.
template <class Backend, class Spawn>
void expect_mutex_excludes(Spawn spawn) {
  typename Backend::Mutex mutex;
  int counter = 0;      // guarded by mutex
  int raised = 0;       // guarded by mutex: what the tasks counted each for itself
  int trespassers = 0;  // guarded by mutex
  // 1 while a task is inside. Atomic, because a compiler drops a plain flag that is set and cleared again.
  typename Backend::template Atomic<int> inside{0};
  const carpool::TimePoint end = Backend::now() + 100ms;
  {
    const auto raise = [&] {
      int mine = 0;
      do {
        for (int i = 0; i < 1'000; ++i, ++mine) {
          const Lock<Backend> lock(mutex);
          const int before = counter;
          trespassers += inside.exchange(1, std::memory_order_relaxed);
          counter = before + 1;
          inside.store(0, std::memory_order_relaxed);
        }
      } while (Backend::now() < end);
      const Lock<Backend> lock(mutex);
      raised += mine;
    };
    std::vector<decltype(spawn(raise))> running;
    for (int i = 0; i < 8; ++i) running.push_back(spawn(raise));
  }
  EXPECT_EQ(counter, raised);
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

/// The light side writes k = 1, 2, 3 ... and reads what the heavy side wrote; the heavy side writes j = 1, 2, 3 ... and
/// reads what the light side wrote. If heavy round j read k, then it did not see light round k + 1, so that one must
/// have seen j. Returns in how many rounds neither saw the other.
template <class Backend>
int rounds_in_which_neither_side_saw_the_other() {
  constexpr std::size_t heavy_rounds = 20'000;
  using Word = typename Backend::template Atomic<std::uint64_t>;
  struct alignas(64) {  // each on a cache line of its own
    Word value{0};
  } light, heavy;
  std::vector<std::uint64_t> first_light_round_that_saw(heavy_rounds + 1, 0);  // written by the task, read after join
  auto task = Backend::spawn_background([&] {
    for (std::uint64_t k = 1, last_seen = 0; last_seen < heavy_rounds; ++k) {
      light.value.store(k, std::memory_order_relaxed);
      Backend::light_barrier();
      const std::uint64_t seen = heavy.value.load(std::memory_order_relaxed);
      while (last_seen < seen) first_light_round_that_saw[++last_seen] = k;
    }
  });
  while (light.value.load(std::memory_order_relaxed) == 0) {
    // or the heavy side would be done before the task runs
  }
  std::vector<std::uint64_t> seen_by_heavy(heavy_rounds + 1, 0);
  for (std::size_t j = 1; j <= heavy_rounds; ++j) {
    heavy.value.store(j, std::memory_order_relaxed);
    Backend::heavy_barrier();
    seen_by_heavy[j] = light.value.load(std::memory_order_relaxed);
  }
  task.join();
  int both_blind = 0;
  for (std::size_t j = 1; j <= heavy_rounds; ++j) both_blind += first_light_round_that_saw[j] > seen_by_heavy[j] + 1;
  return both_blind;
}

TYPED_TEST_P(BackendConformance, OfTwoBarriersOneSideSeesTheOther) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  const carpool::TimePoint end = TypeParam::now() + 100ms;
  do {
    ASSERT_EQ(rounds_in_which_neither_side_saw_the_other<TypeParam>(), 0);
  } while (TypeParam::now() < end);
}

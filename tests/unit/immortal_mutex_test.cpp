// A pool's lock may be destroyed by the thread that unlocked it last, while another is still on its way out of
// unlock().
#include <carpool/posix/immortal_mutex.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "processor_time.hpp"

namespace {

using carpool::ImmortalMutex;

TEST(ImmortalMutex, ExcludesLikeAnyMutex) {
  ImmortalMutex mutex;
  int counter = 0;
  const auto count = [&] {
    for (int i = 0; i < 20'000; ++i) {
      mutex.lock();
      ++counter;
      mutex.unlock();
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(counter, 40'000);
}

TEST(ImmortalMutex, MayBeDestroyedByTheThreadThatUnlocksItLast) {
  struct Shared {
    ImmortalMutex mutex;
    int users = 2;
  };
  for (int round = 0; round < 2'000; ++round) {
    auto* shared = new Shared;
    const auto leave = [shared] {  // the last one out deletes it, while the other may still be inside unlock()
      shared->mutex.lock();
      const bool last = --shared->users == 0;
      shared->mutex.unlock();
      if (last) delete shared;
    };
    std::thread other(leave);
    leave();
    other.join();
  }
}

TEST(ImmortalMutex, UsesItsCellsAgain) {
  std::set<const void*> cells;
  for (int i = 0; i < 100; ++i) {
    auto& cell = carpool::detail::SpareMutexCells::take();
    cells.insert(&cell);
    carpool::detail::SpareMutexCells::give(cell);
  }
  EXPECT_EQ(cells.size(), 1u);
}

TEST(ImmortalMutex, GivesNoCellToTwo) {
  using Cells = carpool::detail::SpareMutexCells;
  constexpr int threads = 4, rounds = 5'000;
  std::mutex guard;
  std::set<const void*> out;
  bool given_twice = false;
  const auto churn = [&] {
    for (int i = 0; i < rounds; ++i) {
      auto& cell = Cells::take();
      {
        const std::lock_guard hold(guard);
        if (!out.insert(&cell).second) given_twice = true;
      }
      {
        const std::lock_guard hold(guard);
        out.erase(&cell);
      }
      Cells::give(cell);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(churn);
  for (auto& worker : workers) worker.join();
  EXPECT_FALSE(given_twice);
}

/// How long it takes to make and to end as many mutexes at once, when their cells are spare ones, at best of four.
double milliseconds_for(std::size_t count) {
  auto best = std::chrono::duration<double, std::milli>::max();
  for (int round = 0; round < 5; ++round) {
    const auto start = time_on_processor();
    std::vector<std::unique_ptr<ImmortalMutex>> mutexes;
    for (std::size_t i = 0; i < count; ++i) mutexes.push_back(std::make_unique<ImmortalMutex>());
    mutexes.clear();
    if (round == 0) continue;  // the cells were new
    best = std::min<decltype(best)>(best, time_on_processor() - start);
  }
  return best.count();
}

// Sixteen times as many cells go round in some sixteen times the time; in 256 times, where each taking walks over the
// rest.
TEST(ImmortalMutex, IsMadeAsFastHoweverManyCellsAreSpare) {
  const double few = milliseconds_for(1'000);
  const double many = milliseconds_for(16'000);
  EXPECT_LT(many, few * 80 + 5) << "1,000: " << few << " ms";
}

// One thread that takes a cell must not make the others think that there is none.
TEST(ImmortalMutex, MakesNoMoreCellsThanAreInUseAtOnce) {
  using Cells = carpool::detail::SpareMutexCells;
  constexpr int threads = 4, rounds = 5'000;
  std::vector<carpool::detail::MutexCell*> ready;
  for (int i = 0; i < threads; ++i) ready.push_back(&Cells::take());
  std::set<const void*> known(ready.begin(), ready.end());
  for (auto* cell : ready) Cells::give(*cell);
  std::mutex guard;
  std::set<const void*> seen;
  const auto churn = [&] {
    for (int i = 0; i < rounds; ++i) {
      auto& cell = Cells::take();
      Cells::give(cell);
      const std::lock_guard hold(guard);
      seen.insert(&cell);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(churn);
  for (auto& worker : workers) worker.join();
  for (const void* cell : seen) EXPECT_TRUE(known.contains(cell)) << "one more than were ever needed";
}

}  // namespace

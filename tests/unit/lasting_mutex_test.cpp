// A pool's lock may be destroyed by the thread that unlocked it last, while another is still on its way out of
// unlock().
#include <carpool/lasting_mutex.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace {

using carpool::LastingMutex;

TEST(LastingMutex, ExcludesLikeAnyMutex) {
  LastingMutex mutex;
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

TEST(LastingMutex, MayBeDestroyedByWhoUnlocksItLast) {
  struct Shared {
    LastingMutex mutex;
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

TEST(LastingMutex, UsesItsCellsAgain) {
  std::set<const void*> cells;
  for (int i = 0; i < 100; ++i) {
    auto& cell = carpool::detail::SpareMutexCells::take();
    cells.insert(&cell);
    carpool::detail::SpareMutexCells::give(cell);
  }
  EXPECT_EQ(cells.size(), 1u);
}

TEST(LastingMutex, GivesNoCellToTwo) {
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

}  // namespace

// Which worker has which entry of a pool's worker cache, and what a worker pays that has none.
#include <carpool/detail/cache/worker_cache.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <set>

namespace {

using carpool::WorkerId;

std::size_t loads = 0;

template <class T>
class CountedAtomic : public carpool::SingleBackend::Atomic<T> {
  using Base = carpool::SingleBackend::Atomic<T>;

 public:
  using Base::Base;
  [[nodiscard]] T load(std::memory_order order) const noexcept {
    ++loads;
    return Base::load(order);
  }
};

struct CountedBackend : carpool::SingleBackend {
  template <class T>
  using Atomic = CountedAtomic<T>;
};
struct Types {
  using Backend = CountedBackend;
  using Connection = int;
  using Observer = carpool::NoObserver;
  static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::per_worker;
};

/// Thread pointers of threads with stacks of 8 MiB each look like this.
constexpr WorkerId worker(std::size_t number) { return 0x7f00'0000'06c0 + number * 0x80'1000; }

constexpr std::size_t entries = 32;

class CacheEntries : public testing::Test {
 protected:
  CacheEntries() {
    cache->open_for_all();
    for (std::size_t i = 0; i < entries; ++i) cache->admit(worker(i));
  }
  std::unique_ptr<carpool::detail::WorkerCache<Types>> cache = std::make_unique<carpool::detail::WorkerCache<Types>>();
};

TEST_F(CacheEntries, EachOfAsManyWorkersHasOneOfItsOwn) {
  std::set<const void*> distinct;
  for (std::size_t i = 0; i < entries; ++i) {
    auto* const entry = cache->of(worker(i));
    ASSERT_NE(entry, nullptr);
    EXPECT_TRUE(entry->belongs_to(worker(i)));
    distinct.insert(entry);
  }
  EXPECT_EQ(distinct.size(), entries);
}

// Entries of threads that have ended stay theirs. So all may be assigned though few of the owners still run.
TEST_F(CacheEntries, AWorkerWithoutOneSoonFindsOut) {
  constexpr std::size_t others = 1'000;
  loads = 0;
  for (std::size_t i = entries; i < entries + others; ++i) EXPECT_EQ(cache->of(worker(i)), nullptr);
  EXPECT_LE(loads, 6 * others);
}

TEST_F(CacheEntries, AWorkerThatComesTooLateGetsNone) {
  cache->admit(worker(entries));
  EXPECT_EQ(cache->of(worker(entries)), nullptr);
  EXPECT_EQ(cache->epoch_for(worker(entries)), 0U);
  EXPECT_EQ(cache->assigned().size(), entries);
}

}  // namespace

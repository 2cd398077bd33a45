// Connections that rest with the worker that gave them back: what users see of it, which is nothing but speed.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "held_by.hpp"

namespace {

using carpool::AffineBag;
using carpool::LifoStack;
using carpool::SingleBackend;
using carpool::ThreadBackend;

/// Numbers its connections from 1.
struct Numbering {
  using Connection = int;
  std::shared_ptr<std::atomic<int>> last = std::make_shared<std::atomic<int>>(0);

  [[nodiscard]] int connect(carpool::TimePoint) const { return ++*last; }
  [[nodiscard]] static bool is_connected(int) noexcept { return true; }
};

template <class Backend, class Queue>
using Pool = carpool::ConnectionPool<Backend, Queue, Numbering>;

/// The number of the connection that is lent and given back at once.
template <class P>
int use(P& pool) {
  return held_by(pool.acquire());
}
template <class P>
void settle_down(P& pool) {
  for (int i = 0; i < 1000; ++i) use(pool);
}

template <class P>
class CachedConnections : public testing::Test {};
using Pools = testing::Types<Pool<SingleBackend, LifoStack>, Pool<ThreadBackend, LifoStack>,
                             Pool<SingleBackend, AffineBag>, Pool<ThreadBackend, AffineBag>>;
TYPED_TEST_SUITE(CachedConnections, Pools);

TYPED_TEST(CachedConnections, FiguresAreAsIfThereWereNone) {
  TypeParam pool(Numbering{}, {.max_size = 3});
  settle_down(pool);
  {
    const auto lease = pool.acquire();
    EXPECT_EQ(pool.stats().in_use, 1u);
    EXPECT_EQ(pool.stats().idle, 0u);
  }
  const carpool::PoolStats stats = pool.stats();
  EXPECT_EQ(stats.acquired, 1001u);
  EXPECT_EQ(stats.in_use, 0u);
  EXPECT_EQ(stats.idle, 1u);
}

TYPED_TEST(CachedConnections, WhatRestsThereIsClearedAndRetired) {
  TypeParam pool(Numbering{}, {.max_size = 3});
  settle_down(pool);
  EXPECT_EQ(pool.clear(), 1u);
  EXPECT_EQ(use(pool), 2);
  settle_down(pool);
  pool.retire_all();
  EXPECT_EQ(use(pool), 3);
}

TEST(CacheOfOneStack, TheUsesAreCounted) {
  carpool::ConnectionPool<ThreadBackend, LifoStack, Numbering, carpool::MaxUses> pool(Numbering{}, {.max_size = 1},
                                                                                      carpool::MaxUses(100));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(use(pool), 1 + i / 100);
}

TYPED_TEST(CachedConnections, LeasesMayOutliveThePool) {
  std::optional<typename TypeParam::Lease> lease;
  {
    TypeParam pool(Numbering{}, {.max_size = 1});
    settle_down(pool);
    lease = pool.acquire();
  }
  EXPECT_EQ(**lease, 1);
  lease.reset();
}

template <class Backend>
class CacheOfAStack : public testing::Test {};
using Backends = testing::Types<SingleBackend, ThreadBackend>;
TYPED_TEST_SUITE(CacheOfAStack, Backends);

TYPED_TEST(CacheOfAStack, TheOrderIsThatOfAStack) {
  Pool<TypeParam, LifoStack> pool(Numbering{}, {.max_size = 3});
  const auto hold_all = [&] { return std::array{pool.acquire(), pool.acquire(), pool.acquire()}; };
  for (int round = 0; round < 300; ++round) {
    auto leases = hold_all();
    const int numbers[] = {*leases[0], *leases[1], *leases[2]};
    for (auto& lease : leases) lease.release();  // the last is to be the first
    for (int i = 0; i < round; ++i) ASSERT_EQ(use(pool), numbers[2]);
    auto again = hold_all();
    for (std::size_t i = 0; i < 3; ++i) ASSERT_EQ(*again[i], numbers[2 - i]) << "round " << round;
  }
}

/// A target that may refuse to be compared.
struct Door {
  int number = 0;
  [[nodiscard]] friend bool operator==(const Door& left, const Door& right) {
    if (jammed) throw std::runtime_error("jammed");
    return left.number == right.number;
  }
  static inline bool jammed = false;
};

/// A connection is the number of its target.
struct ByTarget {
  using Connection = int;
  using Target = Door;
  [[nodiscard]] int connect(const Door& target, carpool::TimePoint) const { return target.number; }
  [[nodiscard]] static bool is_connected(int) noexcept { return true; }
  [[nodiscard]] static bool matches(int connection, const Door& target) noexcept { return connection == target.number; }
};

template <class P>
class CacheWithTargets : public testing::Test {};
using TargetPools = testing::Types<carpool::ConnectionPool<SingleBackend, LifoStack, ByTarget>,
                                   carpool::ConnectionPool<ThreadBackend, LifoStack, ByTarget>,
                                   carpool::ConnectionPool<ThreadBackend, AffineBag, ByTarget>>;
TYPED_TEST_SUITE(CacheWithTargets, TargetPools);

TYPED_TEST(CacheWithTargets, WhatRestsIsForItsTargetAlone) {
  TypeParam pool(ByTarget{}, {.max_size = 3});
  std::uint64_t leases = 0;
  for (int repetitions : {100, 1, 2, 1, 50}) {
    for (int door : {1, 2, 3}) {
      for (int i = 0; i < repetitions; ++i, ++leases) ASSERT_EQ(held_by(pool.acquire(Door{door})), door);
    }
  }
  const carpool::PoolStats stats = pool.stats();
  EXPECT_EQ(stats.acquired, leases);
  EXPECT_EQ(stats.idle, 3u);
  EXPECT_EQ(stats.created, 3u);
}

TYPED_TEST(CacheWithTargets, NothingIsLostWhereTargetsCannotBeCompared) {
  TypeParam pool(ByTarget{}, {.max_size = 1});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(held_by(pool.acquire(Door{1})), 1);
  Door::jammed = true;
  EXPECT_THROW((void)pool.acquire(Door{1}), std::runtime_error);
  Door::jammed = false;
  EXPECT_EQ(pool.stats().in_use, 0u);
  EXPECT_EQ(held_by(pool.acquire(Door{1})), 1);
}

/// Counts what a forked child is told to abandon.
struct Abandoning : Numbering {
  std::shared_ptr<int> abandoned = std::make_shared<int>(0);
  void abandon(int&) const noexcept { ++*abandoned; }
};

TEST(CacheOfOneStack, AForkedChildAbandonsWhatRestsThere) {
  const Abandoning connector;
  carpool::ConnectionPool<SingleBackend, LifoStack, Abandoning> pool(connector, {.max_size = 2});
  settle_down(pool);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool own = use(pool) == 2;
    ::_exit(own && *connector.abandoned == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(use(pool), 1);
}

TEST(CacheOfABag, EachWorkerGetsItsOwn) {
  Pool<ThreadBackend, AffineBag> pool(Numbering{}, {.max_size = 4});
  ASSERT_EQ(pool.prewarm(4, std::chrono::seconds(10)), 4u);
  std::barrier all_hold(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      int own = 0;
      {
        auto lease = pool.acquire();
        own = *lease;
        all_hold.arrive_and_wait();
      }
      for (int round = 0; round < 2000; ++round) EXPECT_EQ(use(pool), own);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(CacheOfOneStack, ASecondWorkerGetsWhatTheFirstLeftLast) {
  Pool<ThreadBackend, LifoStack> pool(Numbering{}, {.max_size = 2});
  {
    auto first = pool.acquire();
    auto second = pool.acquire();
  }
  const int last = use(pool);
  settle_down(pool);
  std::thread([&] { EXPECT_EQ(use(pool), last); }).join();
}

template <class Queue>
class CacheOfAnybody : public testing::Test {};
using Queues = testing::Types<LifoStack, AffineBag>;
TYPED_TEST_SUITE(CacheOfAnybody, Queues);

TYPED_TEST(CacheOfAnybody, WhatAThreadLeavesBehindIsThereForOthers) {
  Pool<ThreadBackend, TypeParam> pool(Numbering{}, {.max_size = 1});
  std::thread([&] { settle_down(pool); }).join();
  EXPECT_TRUE(pool.try_acquire().has_value());
}

/// There are fewer entries than these.
TYPED_TEST(CacheOfAnybody, ManyWorkersComeAndGo) {
  Pool<ThreadBackend, TypeParam> pool(Numbering{}, {.max_size = 8});
  constexpr std::size_t workers = 100;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([&] { settle_down(pool); });
  for (auto& thread : threads) thread.join();
  const carpool::PoolStats stats = pool.stats();
  EXPECT_EQ(stats.acquired, workers * 1000);
  EXPECT_EQ(stats.in_use, 0u);
  EXPECT_LE(stats.idle, 8u);
  EXPECT_EQ(stats.waiting, 0u);
}

struct CacheTypes {
  using Backend = ThreadBackend;
  using Connection = int;
  static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::per_worker;
};

/// Ids are addresses a mapping apart, as those of threads are: wherever their hashes fall, nobody goes without.
TEST(WorkerCacheByItself, ThereIsOneForEachOf32WorkersAndNoneForAnother) {
  for (const carpool::WorkerId apart : {0x1000U, 0x801000U, 0x40U, 1U}) {
    carpool::detail::WorkerCache<CacheTypes> cache;
    std::set<const void*> assigned;
    for (carpool::WorkerId i = 1; i <= 32; ++i) {
      cache.open_for(i * apart);
      EXPECT_NE(cache.of(i * apart), nullptr) << i << " * " << apart;
      assigned.insert(cache.of(i * apart));
    }
    EXPECT_EQ(assigned.size(), 32U);
    cache.open_for(33 * apart);
    EXPECT_EQ(cache.of(33 * apart), nullptr);
  }
}

}  // namespace

/// Threads that come and go: far more than a pool's worker cache has entries.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace carpool::inline v0_1::detail {

/// The pool's friend.
struct PoolInspector {
  template <class Pool>
  [[nodiscard]] static auto& worker_cache(Pool& pool) {
    return pool.pool().worker_cache();
  }
};

}  // namespace carpool::inline v0_1::detail

namespace {

using carpool::detail::PoolInspector;

struct Numbers {
  using Connection = int;
  [[nodiscard]] int connect(carpool::TimePoint) const { return 1; }
  [[nodiscard]] bool is_connected(const int&) const noexcept { return true; }
};
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, Numbers>;

constexpr std::size_t threads = 4;
constexpr int leases_of_each = 500;

/// How many leases the entries of the cache served: all but the first few of each thread, if it has one.
std::uint64_t served_by_entries(Pool& pool) {
  const std::uint64_t before = PoolInspector::worker_cache(pool).served();
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < threads; ++i) {
    crowd.emplace_back([&pool] {
      for (int each = 0; each < leases_of_each; ++each) auto lease = pool.acquire();
    });
  }
  for (std::thread& each : crowd) each.join();
  return PoolInspector::worker_cache(pool).served() - before;
}

// A thread gets the stack of one that has ended, as a rule, and with it its name and its entry.
TEST(ThreadChurn, ThreadsGetTheEntriesOfThreadsThatHaveEnded) {
  Pool pool({}, {.max_size = 2 * threads});
  ASSERT_EQ(pool.prewarm(2 * threads, std::chrono::seconds(10)), 2 * threads);
  static_cast<void>(served_by_entries(pool));
  constexpr int rounds = 50;
  std::uint64_t served = 0;
  for (int round = 0; round < rounds; ++round) served += served_by_entries(pool);
  EXPECT_GT(served, std::uint64_t{rounds} * threads * leases_of_each / 2);
  EXPECT_LT(PoolInspector::worker_cache(pool).assigned().size(), 32U) << "of " << rounds * threads << " threads";
}

}  // namespace

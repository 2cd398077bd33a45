// sanitizers: not thread
#include <carpool/affine_bag.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/single_backend.hpp>

#include "pool_conformance.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLaws, carpool::SingleBackend, PoolBackendName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PoolLawsAmongWorkers);

namespace {

/// In which order a pool with this queue hands out three connections, the second of which was given back last.
template <class Queue>
std::vector<std::uint64_t> order_of_hand_out() {
  const FakeServer server;
  carpool::ConnectionPool<carpool::SingleBackend, Queue, carpool::FakeConnector> pool(server.connector());
  {
    auto first = pool.acquire();
    auto second = pool.acquire();
    auto third = pool.acquire();
    third.release();
    first.release();
    second.release();
  }
  std::vector<std::uint64_t> order;
  std::vector<decltype(pool.acquire())> leases;
  for (int i = 0; i < 3; ++i) order.push_back(leases.emplace_back(pool.acquire())->id());
  return order;
}

using Order = std::vector<std::uint64_t>;

}  // namespace

TEST(PoolOrder, TheQueueDecidesWhichConnectionGoesOutNext) {
  EXPECT_EQ(order_of_hand_out<carpool::LifoStack>(), (Order{2, 1, 3}));
  EXPECT_EQ(order_of_hand_out<carpool::FifoQueue>(), (Order{3, 1, 2}));
  EXPECT_EQ(order_of_hand_out<carpool::LifetimeQueue>(), (Order{1, 2, 3}));
  EXPECT_EQ(order_of_hand_out<carpool::AffineBag>().size(), 3U);
}

// Nobody could come who would give one back, so there is nothing to wait for.
TEST(SinglePool, AnExhaustedPoolFailsAtOnce) {
  const FakeServer server;
  Pool<carpool::SingleBackend> pool(server.connector(), {.max_size = 1, .acquire_timeout = 1h});
  const auto lease = pool.acquire();
  EXPECT_LT(time_of<carpool::SingleBackend>(
                [&] { EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::acquire_timeout); }),
            5s);
  EXPECT_EQ(pool.drain(1h), 1U);
}

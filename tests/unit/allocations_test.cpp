// needs: boost_thread_backend, fiber_backend
// sanitizers: none
/// Acquiring and giving back allocate nothing, on every backend and with every queue, also where workers wait.
#include "../../benchmarks/allocations.hpp"
#include "../../benchmarks/pools.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace carpool::bench;

template <class Backend>
struct ExpectNone {
  template <class Pool>
  void operator()(const std::string& name) const {
    const auto pool = make_warm<Pool>(NullConnector{}, of_size(2));
    EXPECT_EQ(allocations_in<Backend>(*pool, {}), 0) << name << ", alone";
    if (!Backend::concurrent) return;
    const Cycles crowd{.workers = 8, .each = 100, .hold = 20us};
    EXPECT_EQ(allocations_in<Backend>(*pool, crowd), 0) << name << ", waiting";
    EXPECT_GT(pool->stats().acquired, crowd.workers * crowd.each) << name;
  }
};

template <class Backend>
void expect_none() {
  using carpool::ConnectionPool;
  const ExpectNone<Backend> expect;
  expect.template operator()<ConnectionPool<Backend, carpool::LifoStack, NullConnector>>("lifo");
  expect.template operator()<ConnectionPool<Backend, carpool::AffineBag, NullConnector>>("affine");
  expect.template operator()<ConnectionPool<Backend, carpool::FifoQueue, NullConnector>>("fifo");
  expect.template operator()<ConnectionPool<Backend, carpool::LifetimeQueue, NullConnector>>("lifetime");
}

TEST(Allocations, NoneOnSingleBackend) { expect_none<carpool::SingleBackend>(); }
TEST(Allocations, NoneOnThreadBackend) { expect_none<carpool::ThreadBackend>(); }
TEST(Allocations, NoneOnBoostThreadBackend) { expect_none<carpool::BoostThreadBackend>(); }
TEST(Allocations, NoneOnFiberBackend) { expect_none<carpool::FiberBackend>(); }

TEST(Allocations, AreCounted) {
  const std::size_t before = allocation_faults::made_here;
  const std::string text(1'000, 'x');
  EXPECT_EQ(allocation_faults::made_here, before + 1) << text.size();
}

}  // namespace

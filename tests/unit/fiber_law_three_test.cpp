// needs: fiber_backend
// Law 3 where the first in line cannot run: those behind it are served all the same.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::FakeConnector>;

// A2: the first in line has been told to look, and does not run, because a fiber of its thread computes.
TEST(FiberLawThree, AFirstInLineThatCannotRunHoldsUpNobodyBehindIt) {
  carpool::FakeServer server;
  Pool pool(server.connector(), {.max_size = 4, .handoff_after = 1ms});
  std::vector<Pool::Lease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(pool.acquire());
  std::atomic<bool> given_back{false};
  std::atomic<bool> over{false};
  bool served = false;
  std::thread newcomer([&] {
    while (!given_back) std::this_thread::yield();
    served = static_cast<bool>(pool.acquire_for(5s));  // an exception would end the test with its text
    over = true;
  });
  auto first = carpool::FiberBackend::spawn([&] { EXPECT_TRUE(pool.acquire_for(30s)); });
  auto second = carpool::FiberBackend::spawn([&] {
    carpool::FiberBackend::sleep_until(carpool::FiberBackend::now() + 10ms);
    EXPECT_EQ(pool.stats().waiting, 1U);
    leases.clear();
    const auto computed_long_enough = carpool::FiberBackend::now() + 5ms;
    while (carpool::FiberBackend::now() < computed_long_enough) continue;  // the first in line is overdue now
    given_back = true;
    while (!over) std::this_thread::yield();  // this thread's other fibers do not run
  });
  first.join();
  second.join();
  newcomer.join();
  EXPECT_TRUE(served);
}

}  // namespace

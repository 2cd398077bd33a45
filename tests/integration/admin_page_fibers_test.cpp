// needs: admin_page fiber_backend
// A page's threads look at, and steer, a pool whose callers are fibers of another thread.
#include <carpool/admin_page.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "eventually.hpp"
#include "raw_http.hpp"

namespace {

using namespace std::chrono_literals;
using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector, carpool::DefaultEviction,
                                     carpool::MetricsObserver>;

TEST(AdminPageOverFibers, ShowsAndSteersWhileTheyWork) {
  const carpool::FakeServer server;
  Pool pool(server.connector(), {.name = "fibers", .max_size = 4});
  carpool::PoolRegistry registry;
  const auto registration = registry.add(pool);
  const carpool::AdminPage page(registry, {.steering_token = "only-for-this-test"});
  std::atomic<int> rounds = 0;
  std::atomic<bool> over = false;
  std::thread client([&, port = page.port()] {
    const std::string authorized = "Authorization: Bearer only-for-this-test\r\n";
    for (; rounds < 20; ++rounds) {
      EXPECT_EQ(ask_http(port, "POST", "/steer/suspend", authorized, "pool=fibers").status, 200);
      EXPECT_TRUE(contains(ask_http(port, "GET", "/pools.json").body, "\"name\":\"fibers\"", "\"suspended\":true"));
      EXPECT_EQ(ask_http(port, "POST", "/steer/resume", authorized, "pool=fibers").status, 200);
      EXPECT_EQ(ask_http(port, "POST", "/steer/retire", authorized, "pool=fibers").status, 200);
    }
    over = true;
  });
  std::atomic<int> leases = 0;
  {
    std::vector<Backend::Task> fibers;
    for (int i = 0; i < 50; ++i) {
      fibers.push_back(Backend::spawn([&] {
        while (!over) {
          const auto lease = pool.acquire();
          ++leases;
          Backend::sleep_until(Backend::now() + 1ms);
        }
      }));
    }
  }
  client.join();
  EXPECT_EQ(rounds, 20);
  EXPECT_GT(leases, 0);
}

}  // namespace

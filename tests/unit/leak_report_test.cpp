// A lease that is out for too long, where no observer wants to hear of it.
#include <carpool/connection_pool.hpp>
#include <carpool/detail/leak_report.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

using carpool::ThreadBackend;

TEST(LeakReport, NamesThePoolTheConnectionItsLineAndTheBound) {
  const carpool::PoolOptions options{.name = "orders", .leak_detection_threshold = 2s};
  const auto site = carpool::SourceLocation::current();
  const int line = __LINE__ - 1;
  EXPECT_EQ(carpool::detail::leak_text(options, 12, site, 5s),
            "carpool 'orders': connection 12, leased at leak_report_test.cpp:" + std::to_string(line) +
                ", is out for 5.0 s (leak_detection_threshold 2.0 s)\n");
}

TEST(LeakReport, IsWrittenOnceForEachLease) {
  testing::internal::CaptureStderr();
  {
    const carpool::FakeServer server;
    carpool::ConnectionPool<ThreadBackend, carpool::LifoStack, carpool::FakeConnector> pool(
        server.connector(), {.name = "orders", .max_size = 2, .leak_detection_threshold = 10ms});
    const auto kept = pool.acquire();
    static_cast<void>(pool.acquire());  // is back in time
    ThreadBackend::sleep_until(ThreadBackend::now() + 100ms);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("carpool 'orders': connection 1, leased at leak_report_test.cpp:"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

}  // namespace

/// A machine that slept: what was idle meanwhile is pinged before it is used, however short the time on our clock.
#include <carpool/connection_pool.hpp>
#include <carpool/detail/suspensions.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using carpool::Duration;
using carpool::TimePoint;

/// Threads of a machine whose lid we can close.
struct LaptopBackend : carpool::ThreadBackend {
  static inline std::atomic<Duration::rep> slept{0};
  [[nodiscard]] static Duration time_suspended() noexcept { return Duration(slept.load()); }
  /// Ticks all the time: within one tick nobody looks.
  [[nodiscard]] static TimePoint coarse_now() noexcept { return now(); }
  static void close_lid_for(Duration time) { slept += time.count(); }
};
static_assert(carpool::detail::TellsSuspensions<LaptopBackend>);
static_assert(carpool::detail::TellsSuspensions<carpool::ThreadBackend>);

using Pool = carpool::ConnectionPool<LaptopBackend, carpool::LifoStack, carpool::FakeConnector>;

class PoolOfALaptop : public testing::Test {
 protected:
  [[nodiscard]] std::size_t pings() const { return server_.counts().pings; }
  void use_once() { static_cast<void>(pool_.acquire()); }

  carpool::FakeServer server_;
  Pool pool_{server_.connector(), {.max_size = 2, .validation_bypass_window = 1h, .keepalive_time = 1h}};
};

TEST_F(PoolOfALaptop, TrustsWhatWasIdleWhileTheMachineWasAwake) {
  use_once();
  static_cast<void>(pool_.acquire());
  EXPECT_EQ(pings(), 0U);
}

TEST_F(PoolOfALaptop, PingsWhatWasIdleWhileTheMachineSlept) {
  use_once();
  LaptopBackend::close_lid_for(1h);
  static_cast<void>(pool_.acquire());
  EXPECT_EQ(pings(), 1U);
  use_once();
  EXPECT_EQ(pings(), 1U) << "it has answered since";
}

TEST_F(PoolOfALaptop, ReplacesWhatDiedWhileTheMachineSlept) {
  use_once();
  LaptopBackend::close_lid_for(8h);
  server_.answer_every_ping(carpool::FakeReply::no);
  EXPECT_EQ(pool_.acquire()->id(), 2U);
}

TEST_F(PoolOfALaptop, ForgivesANap) {
  use_once();
  LaptopBackend::close_lid_for(20ms);
  static_cast<void>(pool_.acquire());
  EXPECT_EQ(pings(), 0U);
}

TEST_F(PoolOfALaptop, PingsEachConnectionOnceAfterEachSleep) {
  for (std::size_t sleeps = 1; sleeps <= 2; ++sleeps) {
    {
      auto one = pool_.acquire();
      auto other = pool_.acquire();
    }
    use_once();
    LaptopBackend::close_lid_for(1min);
    auto one = pool_.acquire();
    auto other = pool_.acquire();
    EXPECT_EQ(pings(), 2 * sleeps);
  }
}

TEST(Suspensions, AreNoneOnAMachineThatIsAwake) {
  carpool::detail::Suspensions<carpool::ThreadBackend> suspensions;
  const TimePoint then = carpool::ThreadBackend::coarse_now();
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(suspensions.any_between(then - 1s, carpool::ThreadBackend::coarse_now()));
  }
}

}  // namespace

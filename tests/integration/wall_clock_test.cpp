/// The wall clock may jump: nothing expires, nothing hangs, and in fact nobody ever reads it (law 14).
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "time_of.hpp"

namespace {

std::atomic<long> seconds_off = 0;  // how far the wall clock has jumped
std::atomic<long> reads_of_wall_clock = 0;

long tell(clockid_t clock, timespec* time) {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
      clock == CLOCK_BOOTTIME || clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_PROCESS_CPUTIME_ID) {
    return result;
  }
  ++reads_of_wall_clock;
  if (time != nullptr) time->tv_sec += seconds_off;
  return result;
}

}  // namespace

// These stand before the C library's own for everybody in this program, its shared libraries included.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept { return static_cast<int>(tell(clock, time)); }
extern "C" int gettimeofday(timeval* time, void*) noexcept {
  timespec exact{};
  tell(CLOCK_REALTIME, &exact);
  *time = {exact.tv_sec, exact.tv_nsec / 1000};
  return 0;
}
extern "C" std::time_t time(std::time_t* where) noexcept {
  timespec exact{};
  tell(CLOCK_REALTIME, &exact);
  if (where != nullptr) *where = exact.tv_sec;
  return exact.tv_sec;
}

namespace {

using namespace carpool::fake;
using namespace std::chrono_literals;
using carpool::AcquireTimeout;
using carpool::FakeServer;
using carpool::LifoStack;

/// While it lives the wall clock is off by so much.
class Jump {
 public:
  explicit Jump(std::chrono::seconds by) { seconds_off = by.count(); }
  Jump(const Jump&) = delete;
  Jump& operator=(const Jump&) = delete;
  ~Jump() { seconds_off = 0; }
};

TEST(WallClockTest, SeesEveryReadAndCanMakeTheClockJump) {  // or what follows would show nothing
  const long before = reads_of_wall_clock;
  const auto now = std::chrono::system_clock::now();
  const auto then = std::time(nullptr);
  timeval of_day{};
  ::gettimeofday(&of_day, nullptr);
  EXPECT_EQ(reads_of_wall_clock, before + 3);
  const Jump ahead(1h);
  EXPECT_GT(std::chrono::system_clock::now() - now, 59min);
  EXPECT_GT(std::time(nullptr) - then, 59 * 60);
  const auto steady = std::chrono::steady_clock::now();
  const Jump back(-1h);
  EXPECT_LT(std::chrono::steady_clock::now() - steady, 10min);
  EXPECT_LT(std::chrono::system_clock::now(), now);
}

template <class Backend>
struct WallClock : testing::Test {
  using Eviction = carpool::AnyOf<carpool::MaxLifetime, carpool::IdleTimeout>;
  using Pool = FakePool<Backend, LifoStack, Eviction>;

  FakeServer server;
  Pool pool{server.connector(),
            {.max_size = 3, .keepalive_time = 10min},
            Eviction(carpool::MaxLifetime(30min), carpool::IdleTimeout(20min))};
};
TYPED_TEST_SUITE(WallClock, IoBackends, BackendName);

TYPED_TEST(WallClock, NothingExpiresWhenItJumps) {
  EXPECT_EQ(this->pool.prewarm(3, 5s), 3u);
  for (const auto by : {1h, -1h}) {
    const Jump jump(by);
    EXPECT_EQ(this->pool.reap(), 0u);
    {
      const auto one = this->pool.acquire(), two = this->pool.acquire();
    }
    EXPECT_EQ(this->pool.stats().idle, 3u);
  }
  EXPECT_EQ(this->server.counts().opened, 3u);
  EXPECT_EQ(this->server.counts().pings, 0u);
}

TYPED_TEST(WallClock, AnAcquireTakesItsTimeWhenItJumps) {
  const auto one = this->pool.acquire(), two = this->pool.acquire(), three = this->pool.acquire();
  for (const auto by : {1h, -1h}) {
    const Jump jump(by);
    const auto time = time_of<TypeParam>([&] { EXPECT_THROW((void)this->pool.acquire_for(20ms), AcquireTimeout); });
    EXPECT_LT(time, 10s);
    EXPECT_GE(time, TypeParam::concurrent ? 20ms : 0ms);
  }
}

TYPED_TEST(WallClock, AnAcquireUnderWayIsNotTouchedByAJump) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nobody could make the clock jump meanwhile";
  const auto one = this->pool.acquire(), two = this->pool.acquire(), three = this->pool.acquire();
  for (const auto by : {1h, -1h}) {
    auto waiter = TypeParam::spawn([&] {
      const auto time = time_of<TypeParam>([&] { EXPECT_THROW((void)this->pool.acquire_for(500ms), AcquireTimeout); });
      EXPECT_GE(time, 500ms);
      EXPECT_LT(time, 10s);
    });
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->pool.stats().waiting == 1; }));
    const Jump jump(by);
    waiter.join();
  }
}

template <class Backend>
struct WallClockReads : testing::Test {};
TYPED_TEST_SUITE(WallClockReads, IoBackends, BackendName);

TYPED_TEST(WallClockReads, AreNone) {
  LoopbackServer server;
  const long before = reads_of_wall_clock;
  {
    carpool::ConnectionPool<TypeParam, LifoStack, carpool::TcpConnector> pool(
        {.host = "127.0.0.1", .port = server.port()},
        {.max_size = 2, .validation_bypass_window = 0s, .keepalive_time = 5ms});
    const auto call = [&] {
      auto lease = pool.acquire();
      lease->write_all("hello\n");
      EXPECT_EQ(lease->read_until("\n"), "hello");
    };
    std::vector<decltype(TypeParam::spawn(call))> callers;
    for (int i = 0; i < 6; ++i) callers.push_back(TypeParam::spawn(call));
    for (auto& caller : callers) caller.join();
    pool.prewarm(2, 5s);
    const auto one = pool.acquire(), two = pool.acquire();
    EXPECT_THROW((void)pool.acquire_for(5ms), AcquireTimeout);
    pool.drain(5ms);
  }
  EXPECT_EQ(reads_of_wall_clock, before);
}

TYPED_TEST(WallClockReads, AreNoneInAnOutageEither) {
  FakeServer server;
  server.other_connects(refuse("down"));
  const long before = reads_of_wall_clock;
  {
    FakePool<TypeParam> pool(server.connector(), {.connect_backoff = short_backoff, .keepalive_time = 2ms});
    EXPECT_THROW((void)pool.acquire(), carpool::ConnectError);
    server.other_connects(ok().dirtied_by_use());
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.prewarm(2, 1s) == 2; }));
    pool.acquire()->use();
    EXPECT_TRUE(eventually<TypeParam>([&] {
      pool.reap();
      return server.counts().pings >= 2;
    }));
  }
  EXPECT_EQ(reads_of_wall_clock, before);
}

}  // namespace

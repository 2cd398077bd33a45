// sanitizers: not thread
/// What is too long for nanoseconds is for ever, wherever a length of time is taken: never an overflow of
/// std::chrono's.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/time.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <stdexcept>
#include <type_traits>

namespace {

using carpool::Duration;
using carpool::forever;
using carpool::SaturatedDuration;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

template <class Length>
constexpr Duration as(Length length) {
  return SaturatedDuration(length);
}

// An overflow would not compile in a constant.
static_assert(as(std::chrono::hours::max()) == forever && as(std::chrono::hours::min()) == Duration::min());
static_assert(as(std::chrono::seconds::max()) == forever && as(std::chrono::years::max()) == forever);
static_assert(as(Duration::max()) == forever && as(Duration::min()) == Duration::min());
static_assert(as(2h) == 2h && as(-3ms) == -3ms && as(0s) == 0s && SaturatedDuration() == 0s);
static_assert(as(std::chrono::seconds(Duration::max().count() / 1'000'000'000)) == 9'223'372'036s);
static_assert(as(std::chrono::seconds(Duration::max().count() / 1'000'000'000 + 1)) == forever);
static_assert(as(std::chrono::duration<std::uint64_t>::max()) == forever);
static_assert(as(std::chrono::duration<std::int8_t, std::milli>(-100)) == -100ms);
static_assert(as(std::chrono::duration<std::int64_t, std::ratio<1, 3>>::max()) == forever);
static_assert(as(std::chrono::duration<std::int64_t, std::ratio<1, 4>>(3)) == 750ms);
static_assert(as(std::chrono::duration<std::int64_t, std::pico>::max()) < forever);
static_assert(as(std::chrono::duration<double>(0.25)) == 250ms && as(std::chrono::duration<double>(1e300)) == forever);
static_assert(as(std::chrono::duration<double>(-1e300)) == Duration::min());
static_assert(as(std::chrono::duration<double>(std::numeric_limits<double>::infinity())) == forever);
static_assert(as(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())) == 0s);
static_assert(!std::is_convertible_v<int, SaturatedDuration>, "a bare number has no unit");

struct Plain {
  using Connection = int;
  [[nodiscard]] static int connect(carpool::TimePoint) { return 1; }
  [[nodiscard]] static bool is_connected(int) noexcept { return true; }
};
using Pool = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Plain>;

TEST(SaturatedDuration, IsWhatAcquireForPrewarmAndDrainTake) {
  Pool pool(Plain{}, {.max_size = 2});
  {
    EXPECT_TRUE(pool.acquire_for(std::chrono::seconds::max()));
  }
  {
    EXPECT_TRUE(pool.acquire_for(std::chrono::hours::max()));
  }
  EXPECT_EQ(pool.prewarm(2, std::chrono::hours::max()), 2U);
  EXPECT_EQ(pool.drain(std::chrono::seconds::max()), 0U);
}

TEST(SaturatedDuration, IsWhatEvictionsAreMadeOf) {
  EXPECT_EQ(carpool::MaxLifetime(std::chrono::hours::max()).length(), forever);
  EXPECT_EQ(carpool::IdleTimeout(std::chrono::seconds::max()).length(), forever);
  EXPECT_THROW(carpool::MaxLifetime{std::chrono::hours::min()}, std::invalid_argument);
}

}  // namespace

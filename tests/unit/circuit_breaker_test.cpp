// sanitizers: not thread
/// The breaker's arithmetic: when, and how many at once, connects may start.
#include <carpool/detail/state/circuit_breaker.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::Backoff;
using carpool::Duration;
using carpool::TimePoint;
using carpool::detail::backoff_delay;
using carpool::detail::CircuitBreaker;

constexpr Backoff backoff{.initial = 100ms, .max = 1s};
constexpr TimePoint start{1h};
constexpr std::size_t many = 100;

TEST(BackoffDelay, DoublesFromInitialToMax) {
  const Duration expected[] = {100ms, 200ms, 400ms, 800ms, 1s, 1s};
  for (std::size_t step = 0; step < std::size(expected); ++step) {
    EXPECT_EQ(backoff_delay(backoff, step, 0), expected[step]) << "undiminished where nothing is drawn";
  }
  EXPECT_EQ(backoff_delay(backoff, 1'000'000'000'000, 0), 1s);
}

TEST(BackoffDelay, IsShortenedByUpToHalf) {
  Duration shortest = carpool::forever;
  std::uint64_t draw = 1;
  for (int i = 0; i < 1000; ++i) {
    draw = draw * 6364136223846793005U + 1442695040888963407U;
    const Duration delay = backoff_delay(backoff, 1, draw);
    EXPECT_GE(delay, 100ms);
    EXPECT_LE(delay, 200ms);
    shortest = std::min(shortest, delay);
  }
  EXPECT_LT(shortest, 110ms);
}

TEST(BackoffDelay, DoesNotOverflow) {
  const Backoff long_ones{.initial = carpool::forever / 2 + 1ns, .max = carpool::forever};
  EXPECT_EQ(backoff_delay(long_ones, 0, 0), long_ones.initial);
  EXPECT_EQ(backoff_delay(long_ones, 1, 0), carpool::forever);
  EXPECT_GE(backoff_delay(long_ones, 64, std::numeric_limits<std::uint64_t>::max()), carpool::forever / 2);
  EXPECT_EQ(backoff_delay({.initial = 1ns, .max = 1ns}, 5, 0), 1ns);
}

TEST(CircuitBreaker, IsClosedAtFirst) {
  const CircuitBreaker breaker;
  EXPECT_TRUE(breaker.closed());
  EXPECT_FALSE(breaker.open(start));
  EXPECT_EQ(breaker.limit(start, 7), 7U);
  EXPECT_TRUE(breaker.healthy());
}

/// How many connects it lets through at `start + later`, where a series failed at `start`.
constexpr std::size_t let_through(Duration later) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  return breaker.limit(start + later, many);
}

TEST(CircuitBreaker, LetsNoneThroughWhileItIsOpenAndThenOne) {
  static_assert(CircuitBreaker().limit(start, many) == many);
  static_assert(let_through(0ms) == 0 && let_through(99ms) == 0);
  EXPECT_EQ(let_through(100ms), 1U);
}

TEST(CircuitBreaker, AFailedSeriesOpensItForTheBackOff) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  EXPECT_FALSE(breaker.closed());
  EXPECT_EQ(breaker.retry_at(), start + 100ms);
  EXPECT_TRUE(breaker.open(start + 100ms - 1ns));
  EXPECT_EQ(breaker.limit(start + 100ms - 1ns, many), 0U);
}

TEST(CircuitBreaker, AfterTheBackOffOneProbeOfOneTryMayStart) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  EXPECT_FALSE(breaker.open(start + 100ms));
  EXPECT_FALSE(breaker.closed());
  EXPECT_EQ(breaker.limit(start + 100ms, many), 1U);
  EXPECT_TRUE(breaker.attempt_failed(breaker.round(), start + 100ms, 3, backoff, 0)) << "a probe is a series of one";
  EXPECT_EQ(breaker.retry_at(), start + 300ms);
}

TEST(CircuitBreaker, BetweenTheAttemptsOfASeriesItPausesAndIsNotOpen) {
  CircuitBreaker breaker;
  EXPECT_FALSE(breaker.attempt_failed(breaker.round(), start, 3, backoff, 0));
  EXPECT_TRUE(breaker.pausing(start + 100ms - 1ns));
  EXPECT_FALSE(breaker.open(start));
  EXPECT_FALSE(breaker.healthy());
  EXPECT_EQ(breaker.limit(start, many), 0U);
  EXPECT_EQ(breaker.limit(start + 100ms, many), many);
  EXPECT_FALSE(breaker.attempt_failed(breaker.round(), start + 100ms, 3, backoff, 0));
  EXPECT_EQ(breaker.retry_at(), start + 300ms);
  EXPECT_TRUE(breaker.attempt_failed(breaker.round(), start + 300ms, 3, backoff, 0));
  EXPECT_TRUE(breaker.open(start + 300ms));
  EXPECT_EQ(breaker.retry_at(), start + 400ms) << "the first pause of the breaker";
}

TEST(CircuitBreaker, AttemptsThatRanSideBySideFailOnce) {
  CircuitBreaker breaker;
  const CircuitBreaker::Round round = breaker.round();
  EXPECT_FALSE(breaker.attempt_failed(round, start, 2, backoff, 0));
  EXPECT_FALSE(breaker.attempt_failed(round, start, 2, backoff, 0));
  EXPECT_EQ(breaker.tried(), 1U);
  EXPECT_TRUE(breaker.attempt_failed(breaker.round(), start + 100ms, 2, backoff, 0));
}

TEST(CircuitBreaker, ASuccessEndsTheSeries) {
  CircuitBreaker breaker;
  EXPECT_FALSE(breaker.attempt_failed(breaker.round(), start, 2, backoff, 0));
  breaker.succeeded();
  EXPECT_TRUE(breaker.healthy());
  EXPECT_EQ(breaker.limit(start, many), many) << "there is no ramp where the breaker did not open";
  EXPECT_FALSE(breaker.attempt_failed(breaker.round(), start, 2, backoff, 0));
}

TEST(CircuitBreaker, EachFurtherFailureDoublesTheBackOff) {
  CircuitBreaker breaker;
  TimePoint now = start;
  for (const Duration expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    breaker.failed(now, backoff, 0);
    EXPECT_EQ(breaker.retry_at() - now, expected);
    now = breaker.retry_at();
  }
}

TEST(CircuitBreaker, ASuccessClosesItAndConnectsRampUp) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  for (const std::size_t wave : {2U, 4U, 8U, 16U}) {
    breaker.succeeded();  // the probe, or the last of a wave
    EXPECT_TRUE(breaker.closed());
    EXPECT_EQ(breaker.limit(start, many), wave);
    EXPECT_EQ(breaker.limit(start, 3), std::min<std::size_t>(wave, 3)) << "never more than max_connecting";
    for (std::size_t i = 1; i < wave; ++i) {
      breaker.succeeded();
      EXPECT_EQ(breaker.limit(start, many), wave) << "the wave is not over";
    }
  }
}

TEST(CircuitBreaker, AFailureDuringTheRampStartsItAnew) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  for (int i = 0; i < 5; ++i) breaker.succeeded();
  breaker.failed(start, backoff, 0);
  EXPECT_EQ(breaker.retry_at(), start + 100ms) << "the first failure after a success";
  EXPECT_EQ(breaker.limit(start + 1s, many), 1U);
  breaker.succeeded();
  EXPECT_EQ(breaker.limit(start, many), 2U);
}

TEST(CircuitBreaker, TheRampEnds) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  for (std::size_t i = 0; i < 4 * many; ++i) breaker.succeeded();
  EXPECT_EQ(breaker.limit(start, many), many);
}

// A wrong password that is repeated locks the account: a series each 100, 200, 400 ... ms made 11 log-ins in 20 s.
TEST(CircuitBreaker, RefusedCredentialsOpenItForHalfAMinuteEachTime) {
  CircuitBreaker breaker;
  TimePoint now = start;
  for (int i = 0; i < 4; ++i) {
    breaker.refused(now, backoff, ~std::uint64_t{0});
    EXPECT_EQ(breaker.retry_at() - now, 30s);
    EXPECT_TRUE(breaker.open(now + 30s - 1ns));
    now = breaker.retry_at();
    EXPECT_EQ(breaker.limit(now, many), 1U) << "then one probe";
  }
  breaker.succeeded();
  EXPECT_TRUE(breaker.closed());
}

TEST(CircuitBreaker, RefusedCredentialsOpenItForALongerBackOffToo) {
  CircuitBreaker breaker;
  breaker.refused(start, {.initial = 50s, .max = 90s}, 0);
  EXPECT_EQ(breaker.retry_at(), start + 50s);
}

TEST(CircuitBreaker, AnotherSeriesThatFailsDoesNotShortenIt) {
  CircuitBreaker breaker;
  breaker.refused(start, backoff, 0);
  breaker.failed(start + 1s, backoff, 0);
  EXPECT_EQ(breaker.retry_at(), start + 30s);
  breaker.failed(start + 30s, backoff, 0);
  EXPECT_EQ(breaker.retry_at(), start + 30s + 400ms) << "the probe met another trouble";
}

TEST(CircuitBreaker, LetsAProbeThroughAtOnceWhenItIsTold) {
  CircuitBreaker breaker;
  breaker.allow();
  EXPECT_TRUE(breaker.closed());
  breaker.refused(start, backoff, 0);
  breaker.allow();
  EXPECT_FALSE(breaker.open(start));
  EXPECT_EQ(breaker.limit(start, many), 1U);
  breaker.failed(start, backoff, 0);
  EXPECT_TRUE(breaker.open(start)) << "once";
}

TEST(CircuitBreaker, IsProvenByTheFirstSuccess) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  EXPECT_FALSE(breaker.proven());
  breaker.succeeded();
  breaker.failed(start, backoff, 0);
  EXPECT_TRUE(breaker.proven());
}

TEST(CircuitBreaker, IsAsNewAfterReset) {
  CircuitBreaker breaker;
  breaker.failed(start, backoff, 0);
  breaker.reset();
  EXPECT_TRUE(breaker.closed());
  EXPECT_EQ(breaker.limit(start, many), many);
}

}  // namespace

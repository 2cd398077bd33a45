// The buckets of durations: each length has one, none is more than 6.25 % off, and histograms add up.
#include <carpool/metrics/histogram.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

using carpool::Duration;
using carpool::HistogramSnapshot;
using Buckets = carpool::HistogramBuckets;

HistogramSnapshot histogram_of(const std::vector<Duration>& lengths) {
  HistogramSnapshot all;
  for (const Duration length : lengths) {
    ++all.counts[Buckets::index_of(length)];
    all.sum += length;
  }
  return all;
}

TEST(HistogramBuckets, FollowEachOtherWithoutAGap) {
  for (std::size_t i = 0; i + 1 < Buckets::count; ++i) {
    EXPECT_EQ(Buckets::index_of(Buckets::lower(i)), i);
    EXPECT_EQ(Buckets::index_of(Buckets::upper(i) - 1ns), i);
    EXPECT_EQ(Buckets::index_of(Buckets::upper(i)), i + 1);
  }
}

TEST(HistogramBuckets, TakeWhatIsOutOfBoundsForTheNearest) {
  EXPECT_EQ(Buckets::index_of(-1s), 0U);
  EXPECT_EQ(Buckets::index_of(Duration::min()), 0U);
  EXPECT_EQ(Buckets::index_of(Duration::max()), Buckets::count - 1);
  EXPECT_EQ(Buckets::index_of(100h), Buckets::count - 1);
  EXPECT_LT(Buckets::index_of(2h), Buckets::count - 1);
}

TEST(HistogramSnapshot, IsAtMostSixAndAQuarterPerCentOff) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(0, 40);
  for (int i = 0; i < 20'000; ++i) {
    const Duration length(static_cast<Duration::rep>(std::exp2(exponent(random))));
    const auto seen = static_cast<double>(histogram_of({length}).quantile(0.5).count());
    const auto true_one = static_cast<double>(length.count());
    ASSERT_LE(std::abs(seen - true_one), 0.0625 * true_one) << length.count() << " ns";
  }
}

TEST(HistogramSnapshot, TellsQuantilesAndHowManyAreBelowABound) {
  std::vector<Duration> lengths;
  for (int i = 1; i <= 1000; ++i) lengths.push_back(i * 1ms);
  const HistogramSnapshot all = histogram_of(lengths);
  EXPECT_EQ(all.count(), 1000U);
  EXPECT_EQ(all.sum, 500'500ms);
  const auto near = [](Duration seen, Duration expected) {
    return std::abs(static_cast<double>((seen - expected).count())) <= 0.0625 * static_cast<double>(expected.count());
  };
  EXPECT_TRUE(near(all.quantile(0.5), 500ms)) << all.quantile(0.5).count();
  EXPECT_TRUE(near(all.quantile(0.99), 990ms)) << all.quantile(0.99).count();
  EXPECT_TRUE(near(all.quantile(1.0), 1s)) << all.quantile(1.0).count();
  EXPECT_TRUE(near(all.quantile(0.0), 1ms)) << all.quantile(0.0).count();
  EXPECT_NEAR(static_cast<double>(all.at_most(100ms)), 100, 7);
  EXPECT_EQ(all.at_most(2s), 1000U);
  EXPECT_EQ(all.at_most(0ns), 0U);
}

TEST(HistogramSnapshot, OfNothingIsZero) {
  const HistogramSnapshot none;
  EXPECT_EQ(none.count(), 0U);
  EXPECT_EQ(none.quantile(0.99), 0ns);
  EXPECT_EQ(none.at_most(1h), 0U);
}

TEST(HistogramSnapshot, AddsUpAsIfOneHadCountedAll) {
  const std::vector<Duration> some{1us, 2us, 50ms};
  const std::vector<Duration> others{2us, 3s};
  std::vector<Duration> both = some;
  both.insert(both.end(), others.begin(), others.end());
  HistogramSnapshot sum = histogram_of(some);
  sum += histogram_of(others);
  EXPECT_EQ(sum.counts, histogram_of(both).counts);
  EXPECT_EQ(sum.sum, histogram_of(both).sum);
}

TEST(HistogramSnapshot, AnswersForSeveralBoundsAsForEach) {
  std::vector<Duration> lengths;
  for (int i = 0; i < 3000; ++i) lengths.push_back(i * i * 7us);
  const HistogramSnapshot all = histogram_of(lengths);
  const std::array<Duration, 6> bounds = {0ns, 1us, 5ms, 5001us, 1s, 10h};
  const std::array<std::uint64_t, 6> counts = all.at_most(bounds);
  for (std::size_t i = 0; i < bounds.size(); ++i) EXPECT_EQ(counts[i], all.at_most(bounds[i])) << bounds[i].count();
  EXPECT_EQ(counts.front(), 1U);
  EXPECT_EQ(counts.back(), 3000U);
}

}  // namespace

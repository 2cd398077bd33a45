// sanitizers: none
/// The figures of carpool-compare: histograms, medians with their noise, axes, and how numbers are written.
#include "../../tools/compare/figure.hpp"
#include "../../tools/compare/histogram.hpp"
#include "../../tools/compare/scale.hpp"
#include "../../tools/compare/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

namespace carpool::compare {
namespace {

using std::chrono::nanoseconds;

TEST(CompareHistogram, AnEmptyOneSaysZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.99), Duration::zero());
  EXPECT_EQ(histogram.max(), Duration::zero());
}

TEST(CompareHistogram, IsExactBelowThirtyTwoNanoseconds) {
  for (int value = 0; value < 32; ++value) {
    Histogram histogram;
    histogram.record(nanoseconds(value));
    histogram.record(std::chrono::seconds(1));
    EXPECT_EQ(histogram.quantile(0.5), nanoseconds(value));
  }
}

TEST(CompareHistogram, IsNeverBelowTheTruthAndAtMostASixteenthAboveIt) {
  for (std::int64_t value = 1; value < (std::int64_t{1} << 39); value = value * 17 / 16 + 1) {
    Histogram histogram;
    histogram.record(nanoseconds(value));
    histogram.record(nanoseconds(INT64_MAX));  // else max() would hide the error
    const auto said = histogram.quantile(0.5).count();
    EXPECT_GE(said, value);
    EXPECT_LE(static_cast<double>(said), static_cast<double>(value) * 1.0625) << value;
  }
}

TEST(CompareHistogram, QuantilesAreRanksOfWhatWasRecorded) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(std::chrono::microseconds(i));
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5).count()), 500e3, 500e3 / 16);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99).count()), 990e3, 990e3 / 16);
  EXPECT_EQ(histogram.quantile(1.0), std::chrono::milliseconds(1));
  EXPECT_EQ(histogram.max(), std::chrono::milliseconds(1));
}

TEST(CompareHistogram, TheMaximumIsExactAndBoundsEveryQuantile) {
  Histogram histogram;
  histogram.record(nanoseconds(1'000'001));
  EXPECT_EQ(histogram.max(), nanoseconds(1'000'001));
  EXPECT_EQ(histogram.quantile(0.999), nanoseconds(1'000'001));
}

TEST(CompareHistogram, MergingIsAsIfOneHadSeenAll) {
  Histogram left, right, all;
  for (int i = 0; i < 500; ++i) {
    const nanoseconds value(i * i * 37);
    (i % 2 == 0 ? left : right).record(value);
    all.record(value);
  }
  left.merge(right);
  EXPECT_EQ(left.count(), all.count());
  EXPECT_EQ(left.max(), all.max());
  for (const double share : {0.1, 0.5, 0.9, 0.99, 1.0}) EXPECT_EQ(left.quantile(share), all.quantile(share));
}

TEST(CompareHistogram, TakesTheImpossibleToItsEnds) {
  Histogram histogram;
  histogram.record(nanoseconds(-5));
  EXPECT_EQ(histogram.quantile(1.0), Duration::zero());
  histogram.record(forever);
  EXPECT_EQ(histogram.quantile(1.0), forever);
}

TEST(CompareFigure, IsTheMedianWithItsRange) {
  const auto odd = Figure::of({30, 10, 20});
  EXPECT_EQ(odd.median, 20);
  EXPECT_EQ(odd.low, 10);
  EXPECT_EQ(odd.high, 30);
  EXPECT_EQ(odd.spread(), 0.5);
  EXPECT_EQ(Figure::of({1, 2, 3, 10}).median, 2.5);
  EXPECT_EQ(Figure::of({}).median, 0);
}

TEST(CompareFigure, OverlappingRangesAreNoise) {
  EXPECT_FALSE(differs({100, 90, 120}, {130, 115, 140}));
  EXPECT_TRUE(differs({100, 90, 114}, {130, 115, 140}));
  EXPECT_TRUE(differs({130, 115, 140}, {100, 90, 114}));
}

TEST(CompareFigure, ThreePercentAreNoiseHoweverSmallTheRanges) {
  EXPECT_FALSE(differs({100, 99.9, 100.1}, {102, 101.9, 102.1}));
  EXPECT_TRUE(differs({100, 99.9, 100.1}, {104, 103.9, 104.1}));
}

TEST(CompareFigure, OneRoundEachMustDifferByHalf) {
  EXPECT_FALSE(differs({100, 100, 100}, {149, 149, 149}));
  EXPECT_TRUE(differs({100, 100, 100}, {150, 150, 150}));
}

TEST(CompareFigure, NothingDiffersFromSomething) {
  EXPECT_TRUE(differs({0, 0, 0}, {1, 1, 1}));
  EXPECT_FALSE(differs({0, 0, 0}, {0, 0, 0}));
}

TEST(CompareScale, ALinearOneHasRoundTicksThatReachTheLargest) {
  const auto scale = Scale::linear(87'000, 100, 600);
  EXPECT_EQ(scale.ticks(), (std::vector<double>{0, 20'000, 40'000, 60'000, 80'000, 100'000}));
  EXPECT_EQ(scale.at(0), 100);
  EXPECT_EQ(scale.at(100'000), 600);
  EXPECT_EQ(scale.at(50'000), 350);
  EXPECT_EQ(scale.at(1e9), 600);
}

TEST(CompareScale, ALogarithmicOneStepsByDecades) {
  const auto scale = Scale::logarithmic(350, 8.4e6, 0, 500);
  EXPECT_EQ(scale.ticks().size(), 6U);
  EXPECT_NEAR(scale.ticks().front(), 100, 1e-6);
  EXPECT_NEAR(scale.ticks().back(), 1e7, 1);
  EXPECT_NEAR(scale.at(1e4), 200, 1e-6);
  EXPECT_EQ(scale.at(1), 0);
}

TEST(CompareScale, SurvivesNothingAtAll) {
  EXPECT_TRUE(std::isfinite(Scale::linear(0, 0, 100).at(0)));
  EXPECT_TRUE(std::isfinite(Scale::logarithmic(1, 1, 0, 100).at(1)));
}

TEST(CompareText, TimesHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(human_time(0, Charset::ascii), "0 ns");
  EXPECT_EQ(human_time(850, Charset::ascii), "850 ns");
  EXPECT_EQ(human_time(999.7, Charset::ascii), "1.00 us");
  EXPECT_EQ(human_time(5270, Charset::ascii), "5.27 us");
  EXPECT_EQ(human_time(5270, Charset::unicode), "5.27 µs");
  EXPECT_EQ(human_time(33.04e6, Charset::ascii), "33.0 ms");
  EXPECT_EQ(human_time(999.8e6, Charset::ascii), "1.00 s");
  EXPECT_EQ(human_time(30e9, Charset::ascii), "30.0 s");
}

TEST(CompareText, NoTimeBelowATensOfThousandSecondsIsWiderThanSevenColumns) {
  for (double time = 1; time < 9e13; time *= 1.7) EXPECT_LE(columns_of(human_time(time, Charset::unicode)), 7U) << time;
}

TEST(CompareText, CountsAreGroupedByThousands) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(1234567.4), "1,234,567");
  EXPECT_EQ(human_count(-1234), "-1,234");
}

TEST(CompareText, PaddingCountsColumnsNotBytes) {
  EXPECT_EQ(columns_of("µs█"), 3U);
  EXPECT_EQ(pad_left("µs", 4), "  µs");
  EXPECT_EQ(pad_right("µs", 4), "µs  ");
  EXPECT_EQ(pad_left("longer", 3), "longer");
}

TEST(CompareText, ABarIsAsLongAsItsShare) {
  EXPECT_EQ(bar(0, 6, Charset::unicode), "");
  EXPECT_EQ(bar(1, 6, Charset::unicode), "██████");
  EXPECT_EQ(bar(0.5, 1, Charset::unicode), "▌");
  EXPECT_EQ(bar(2, 6, Charset::ascii), "######");
  EXPECT_EQ(bar(0.5, 6, Charset::ascii), "###");
}

TEST(CompareText, ClocksRoundUp) {
  EXPECT_EQ(clock_time(0), "0:00");
  EXPECT_EQ(clock_time(59.2), "1:00");
  EXPECT_EQ(clock_time(-3), "0:00");
}

}  // namespace
}  // namespace carpool::compare

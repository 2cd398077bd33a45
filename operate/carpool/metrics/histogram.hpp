/// Durations counted in buckets whose width grows with them: fixed memory, a bounded error, and sums over pools.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1 {

/// Log-linear, as HdrHistogram and OpenTelemetry's exponential histograms are: each power of two of nanoseconds is cut
/// into 8 buckets of one width, and what is below 16 ns has a bucket for each. Whoever takes the middle of a bucket is
/// wrong by at most 6.25 %. What is longer than 2^43 ns (2.4 h) is counted there.
class HistogramBuckets {
 public:
  static constexpr unsigned sub_bits = 3;      ///< buckets in a power of two: 2^3
  static constexpr unsigned longest_bit = 43;  ///< the last power of two
  /// How many there are.
  static constexpr std::size_t count = ((longest_bit - sub_bits) << sub_bits) + (std::size_t{1} << (sub_bits + 1));

  /// Which bucket counts it; below 0 it is 0.
  [[nodiscard]] static constexpr std::size_t index_of(Duration length) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::clamp(length, Duration::zero(), longest()).count());
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    const unsigned shift = width > sub_bits + 1 ? width - (sub_bits + 1) : 0;
    return (std::size_t{shift} << sub_bits) + (ns >> shift);
  }
  /// The shortest that a bucket counts.
  [[nodiscard]] static constexpr Duration lower(std::size_t index) noexcept {
    constexpr std::size_t subs = std::size_t{1} << sub_bits;
    if (index < 2 * subs) return Duration(static_cast<Duration::rep>(index));
    const std::size_t shift = index / subs - 1;
    return Duration(static_cast<Duration::rep>((index % subs + subs) << shift));
  }
  /// From which on the next bucket counts.
  [[nodiscard]] static constexpr Duration upper(std::size_t index) noexcept { return lower(index + 1); }

 private:
  [[nodiscard]] static constexpr Duration longest() noexcept {
    return Duration((Duration::rep{1} << (longest_bit + 1)) - 1);
  }
};

/// A histogram as it was at one moment. A value: it may be copied, added and kept.
struct HistogramSnapshot {
  std::array<std::uint64_t, HistogramBuckets::count> counts{};  ///< of each bucket
  Duration sum{};                                               ///< of all that was counted

  /// How many were counted.
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const std::uint64_t each : counts) all += each;
    return all;
  }
  /// The middle of the bucket in which the q-th part of what was counted ends, 0 <= q <= 1; 0 where nothing was. At
  /// most 6.25 % off.
  [[nodiscard]] Duration quantile(double q) const noexcept {
    const std::uint64_t all = count();
    if (all == 0) return {};
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(q * static_cast<double>(all))));
    std::uint64_t seen = 0;
    std::size_t index = 0;
    while (index + 1 < counts.size() && (seen += counts[index]) < rank) ++index;
    return middle(index);
  }
  /// How many are at most as long as `bound`, to the precision of the bucket in which it lies.
  [[nodiscard]] std::uint64_t at_most(Duration bound) const noexcept {
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < counts.size() && middle(index) <= bound; ++index) seen += counts[index];
    return seen;
  }
  /// The same for several bounds, each longer than the one before it, in one pass.
  template <std::size_t size>
  [[nodiscard]] std::array<std::uint64_t, size> at_most(const std::array<Duration, size>& bounds) const noexcept {
    std::array<std::uint64_t, size> all{};
    std::uint64_t seen = 0;
    std::size_t index = 0;
    for (std::size_t i = 0; i < size; ++i) {
      for (; index < counts.size() && middle(index) <= bounds[i]; ++index) seen += counts[index];
      all[i] = seen;
    }
    return all;
  }
  /// As if one histogram had counted what both have.
  HistogramSnapshot& operator+=(const HistogramSnapshot& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
    return *this;
  }

 private:
  [[nodiscard]] static Duration middle(std::size_t index) noexcept {
    return (HistogramBuckets::lower(index) + HistogramBuckets::upper(index) - Duration(1)) / 2;
  }
};

}  // namespace carpool::inline v0_1

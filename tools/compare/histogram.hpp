/// Counts lengths of time in buckets of at most 6.25 % width, without allocating.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace carpool::compare {

/// Log-linear: sixteen buckets to each power of two of nanoseconds, up to 18 minutes. One per worker, merged
/// afterwards, so that recording needs neither a lock nor an atomic.
class Histogram {
 public:
  void record(Duration length) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<Duration::rep>(length.count(), 0));
    ++buckets_[index_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Duration max() const noexcept { return Duration(static_cast<Duration::rep>(max_)); }

  /// The length that the given share (0 to 1) of the recorded ones does not exceed; at most 6.25 % above the truth, and
  /// never above max(). Zero where nothing was recorded.
  [[nodiscard]] Duration quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_) - 1e-9));
    const auto rank = std::clamp<std::uint64_t>(wanted, 1, std::max<std::uint64_t>(count_, 1));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
      seen += buckets_[i];
      if (seen >= rank) return Duration(static_cast<Duration::rep>(std::min(highest_in(i), max_)));
    }
    return max();
  }

 private:
  static constexpr unsigned steps_log2 = 4;
  static constexpr std::uint64_t steps = 1U << steps_log2;
  static constexpr unsigned octaves = 36;  // the first sixteen values, then 2^4 ns to 2^40 ns
  static constexpr std::size_t bucket_count = octaves * steps + steps;

  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < steps) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - steps_log2;
    const auto index = shift * steps + (value >> shift);
    return std::min(static_cast<std::size_t>(index), bucket_count - 1);
  }

  static constexpr std::uint64_t highest_in(std::size_t index) noexcept {
    if (index < 2 * steps) return index;
    if (index == bucket_count - 1) return UINT64_MAX;  // the last one is open above
    const auto shift = index / steps - 1;
    return ((steps + index % steps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace carpool::compare

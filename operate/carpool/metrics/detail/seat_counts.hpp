/// What is counted in one seat, of which each event of a lease writes a few words.
#pragma once

#include <carpool/metrics/histogram.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// A count with one writer at a time, or, where `shared`, with many.
template <bool shared>
[[gnu::always_inline]] inline void add(std::atomic<std::uint64_t>& to, std::uint64_t amount) noexcept {
  if constexpr (shared) {
    to.fetch_add(amount, std::memory_order_relaxed);
  } else {
    to.store(to.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
}

/// A histogram that is being counted in.
struct SeatHistogram {
  std::array<std::atomic<std::uint64_t>, HistogramBuckets::count> counts{};
  std::atomic<std::uint64_t> sum{0};  // nanoseconds

  template <bool shared>
  void count(Duration length) noexcept {
    add<shared>(counts[HistogramBuckets::index_of(length)], 1);
    if (length > Duration::zero()) add<shared>(sum, static_cast<std::uint64_t>(length.count()));
  }
  void add_to(HistogramSnapshot& all) const noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) all.counts[i] += counts[i].load(std::memory_order_relaxed);
    all.sum += Duration(static_cast<Duration::rep>(sum.load(std::memory_order_relaxed)));
  }
};

/// On lines of its own, so that two threads do not slow each other.
struct alignas(64) SeatCounts {
  std::atomic<std::uint64_t> to_next_timing{0};  // leases until one is timed
  std::atomic<Duration::rep> last_timed{0};      // how long that was in use, in nanoseconds
  std::atomic<std::size_t> last_timed_bucket{0};
  SeatHistogram wait_time;
  SeatHistogram use_time;

  /// Whether the next lease is timed. Threads that share a seat may time one lease more or less.
  [[nodiscard]] bool times_next(std::uint64_t one_in) noexcept {
    const std::uint64_t left = to_next_timing.load(std::memory_order_relaxed);
    to_next_timing.store(left == 0 ? one_in - 1 : left - 1, std::memory_order_relaxed);
    return left == 0;
  }
  void remember(Duration timed) noexcept {
    last_timed.store(timed.count(), std::memory_order_relaxed);
    last_timed_bucket.store(HistogramBuckets::index_of(timed), std::memory_order_relaxed);
  }

  /// Of a lease that waited for nothing and is not timed, as most are. False: count() it.
  [[nodiscard, gnu::always_inline]] bool count_ready() noexcept {
    const std::uint64_t left = to_next_timing.load(std::memory_order_relaxed);
    if (left == 0) [[unlikely]]
      return false;
    to_next_timing.store(left - 1, std::memory_order_relaxed);
    add<false>(wait_time.counts[0], 1);
    return true;
  }
  /// Of a lease that was not timed, in a seat with one writer: as the last one that was.
  [[gnu::always_inline]] void count_as_last_timed() noexcept {
    add<false>(use_time.counts[last_timed_bucket.load(std::memory_order_relaxed)], 1);
    add<false>(use_time.sum, static_cast<std::uint64_t>(last_timed.load(std::memory_order_relaxed)));
  }
};

}  // namespace carpool::inline v0_1::detail

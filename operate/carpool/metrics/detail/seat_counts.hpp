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
void add(std::atomic<std::uint64_t>& to, std::uint64_t amount) noexcept {
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
  SeatHistogram wait_time;
  SeatHistogram use_time;
};

}  // namespace carpool::inline v0_1::detail

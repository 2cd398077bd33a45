/// What those parts stand on that threads share without a lock: real threads; in tests of their memory orders,
/// simulated ones.
#pragma once

#include <carpool/posix/futex.hpp>
#include <carpool/posix/membarrier.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>

namespace carpool::inline v0_1::detail {

struct ThreadPlatform {
  template <class T>
  using Atomic = std::atomic<T>;
  using FutexWord = Atomic<std::uint32_t>;

  [[gnu::always_inline]] static void light_barrier() noexcept { detail::light_barrier(); }
  static void heavy_barrier() noexcept { detail::heavy_barrier(); }
  static bool futex_wait(FutexWord& word, std::uint32_t expected, TimePoint deadline) noexcept {
    return detail::futex_wait(word, expected, deadline);
  }
  static void futex_wake_one(const FutexWord* word) noexcept { detail::futex_wake_one(word); }
};

}  // namespace carpool::inline v0_1::detail

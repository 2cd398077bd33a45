/// A few seats for threads: who has one counts without a locked instruction, because nobody else writes there.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// The seats are the process's: a thread takes one at its first event, in whichever pool, and leaves it when it ends.
class ThreadSeats {
 public:
  static constexpr std::size_t exclusive = 15;         ///< that one thread has at a time
  static constexpr std::size_t count = exclusive + 1;  ///< the last one is everybody else's

  /// The calling thread's; `exclusive` where it has none of its own.
  [[nodiscard]] static std::size_t mine() noexcept {
    if (mine_ == unasked) [[unlikely]]
      ask();
    return mine_;
  }
  /// The same, and `exclusive` or more for a thread that has not yet called mine(): a load and no more.
  [[nodiscard]] static std::size_t mine_so_far() noexcept { return mine_; }

  /// Whether a thread has ever counted there; for the last one, which has no owner, always.
  [[nodiscard]] static bool is_used(std::size_t seat) noexcept {
    return seat >= exclusive || (ever_taken_.load(std::memory_order_relaxed) >> seat & 1U) != 0;
  }

 private:
  static constexpr std::uint8_t unasked = 255;

  /// Of a thread that ends: what it counts after that, in destructors of other thread_locals, is counted in the shared
  /// seat.
  struct Leaver {
    ~Leaver() {
      const std::uint8_t seat = mine_;
      mine_ = exclusive;
      // Who takes the seat next has seen what was counted in it.
      if (seat < exclusive) taken_.fetch_and(~(std::uint32_t{1} << seat), std::memory_order_release);
    }
  };

  [[gnu::noinline]] static void ask() noexcept {
    static thread_local Leaver leaver;
    static_cast<void>(leaver);
    std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    for (;;) {
      const auto seat = static_cast<std::uint32_t>(std::countr_one(taken));
      if (seat >= exclusive) {
        mine_ = exclusive;
        return;
      }
      if (taken_.compare_exchange_weak(taken, taken | (std::uint32_t{1} << seat), std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
        ever_taken_.fetch_or(std::uint32_t{1} << seat, std::memory_order_relaxed);
        mine_ = static_cast<std::uint8_t>(seat);
        return;
      }
    }
  }

  static inline std::atomic<std::uint32_t> taken_{0};  // one bit for each
  static inline std::atomic<std::uint32_t> ever_taken_{0};
  static inline constinit thread_local std::uint8_t mine_ = unasked;
};

}  // namespace carpool::inline v0_1::detail

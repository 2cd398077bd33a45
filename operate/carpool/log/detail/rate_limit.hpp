/// How many lines of one kind may be written.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace carpool::inline v0_1::detail {

/// So many in each second that begins with a line. Used under its owner's lock.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// False: it is counted as suppressed.
  [[nodiscard]] bool admit(Clock::time_point now, std::size_t lines_per_second) noexcept {
    if (now - began_ >= std::chrono::seconds(1)) began_ = now, lines_ = 0;
    const bool admitted = lines_ < lines_per_second;
    ++(admitted ? lines_ : suppressed_);
    return admitted;
  }
  /// How many were suppressed, once the second in which they were is over; 0 from then on.
  [[nodiscard]] std::uint64_t take_suppressed(Clock::time_point now) noexcept {
    return now - began_ < std::chrono::seconds(1) ? 0 : take_all_suppressed();
  }
  /// The same, whenever they were.
  [[nodiscard]] std::uint64_t take_all_suppressed() noexcept { return std::exchange(suppressed_, 0); }

 private:
  Clock::time_point began_{};  // the machine has been up for a second when a program has a pool
  std::uint64_t lines_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace carpool::inline v0_1::detail

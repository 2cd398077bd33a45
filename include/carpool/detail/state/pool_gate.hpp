/// Whether the pool serves at all, and how many callers wait: plain numbers, no lock.
#pragma once

#include <cstddef>

namespace carpool::inline v0_1::detail {

/// What closes the gate stops serving; a prewarm only keeps callers off the fast path.
class PoolGate {
 public:
  [[nodiscard]] constexpr bool serving() const noexcept { return (gate_ & ~prewarming_bit) == 0; }
  [[nodiscard]] constexpr bool closed() const noexcept { return (gate_ & closed_bit) != 0; }
  [[nodiscard]] constexpr bool draining() const noexcept { return (gate_ & draining_bit) != 0; }
  /// Closed or draining.
  [[nodiscard]] constexpr bool finished() const noexcept { return (gate_ & (closed_bit | draining_bit)) != 0; }
  [[nodiscard]] constexpr bool suspended() const noexcept { return gate_ >= suspended_bit; }
  /// Nothing out of the ordinary is going on.
  [[nodiscard]] constexpr bool is_uncontended() const noexcept { return (gate_ | waiting_) == 0; }

  constexpr void suspend() noexcept { gate_ |= suspended_bit; }
  /// Two steps, so that an observer can be told between them: from the first on nothing is suspended any more, but the
  /// pool serves only after the last of those who resume it has been through the second. False: there is nothing to
  /// resume.
  [[nodiscard]] constexpr bool begin_resuming() noexcept {
    if ((gate_ & suspended_bit) == 0 || finished()) return false;
    gate_ = (gate_ & ~suspended_bit) + one_resuming;
    return true;
  }
  constexpr void end_resuming() noexcept { gate_ -= one_resuming; }
  constexpr void drain() noexcept { gate_ |= draining_bit; }
  constexpr void close() noexcept { gate_ |= closed_bit; }
  /// While a prewarm wants idle connections, each that is taken must be noticed: so none is taken on the fast path.
  constexpr void begin_prewarm() noexcept { ++prewarms_, gate_ |= prewarming_bit; }
  constexpr void end_prewarm() noexcept {
    if (--prewarms_ == 0) gate_ &= ~prewarming_bit;
  }

  [[nodiscard]] constexpr std::size_t waiting() const noexcept { return waiting_; }
  constexpr void one_waits() noexcept { ++waiting_; }
  constexpr void one_has_waited() noexcept { --waiting_; }

 private:
  static constexpr std::size_t closed_bit = 1, draining_bit = 2, prewarming_bit = 4, suspended_bit = 8;
  static constexpr std::size_t one_resuming = 16;  // the bits above these count those between the steps of resuming

  std::size_t gate_ = 0;      // the bits above; as wide as waiting_, so that is_uncontended() is one test
  std::size_t waiting_ = 0;   // in all wait queues
  std::size_t prewarms_ = 0;  // under way
};

}  // namespace carpool::inline v0_1::detail

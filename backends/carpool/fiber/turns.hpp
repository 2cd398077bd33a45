/// Whose turn it is among the fibers of one thread: how much one may do in its turn, and when the reactor looks around.
#pragma once

#include <carpool/budget.hpp>

#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// Where a server answers before its client has looked, no operation has to wait, and a fiber would keep its thread for
/// as long as it has something to do. So a turn ends with one request and its answer: with eight of them, fibers whose
/// answers are there at once got twice as much as those whose answers are not.
///
/// A fiber that has to wait for its answer must get no less than one that has not. So while fibers use up their turns,
/// the reactor looks for events once in each round of those that are ready, and who has something is first in the next.
///
/// The reactor's thread alone.
class FiberTurns {
 public:
  /// A fiber is switched to.
  void begin() noexcept {
    ++begun_;
    used_ = 0;
  }

  /// false: the running fiber's budget is used up.
  [[nodiscard]] bool take(unsigned operations) noexcept {
    charge(operations);
    return used_ <= budget_of_exchange;
  }
  void charge(unsigned operations) noexcept { used_ += operations; }
  /// The running fiber gives way. others_wait: for an event or a time.
  void give_way(bool others_wait) noexcept { round_is_over_ = others_wait && begun_ >= round_end_; }

  /// The dispatcher costs as much as two switches and a look at the clock. It need not have its turn in each round of
  /// few fibers, but must after some dozen turns of others: it keeps the timers.
  [[nodiscard]] bool dispatcher_is_due() const noexcept {
    return round_is_over_ || begun_ - last_dispatch_ >= turns_per_dispatch;
  }
  void dispatched() noexcept { last_dispatch_ = begun_; }

  /// Those who have something to do are to be first.
  [[nodiscard]] bool round_is_over() const noexcept { return round_is_over_; }
  [[nodiscard]] bool look_is_due() const noexcept {
    const std::uint64_t look_after = begun_ < round_end_ ? 4 * turns_per_look : turns_per_look;
    return begun_ - last_look_ >= look_after;
  }
  void looked() noexcept { last_look_ = begun_; }
  /// Nobody is put before those that are ready now until each has had its turn: that would starve them.
  void begin_round(std::size_t ready) noexcept {
    round_is_over_ = false;
    round_end_ = begun_ + ready;
  }

 private:
  static constexpr std::uint64_t turns_per_dispatch = 32;
  static constexpr std::uint64_t turns_per_look = 64;

  unsigned used_ = 0;  // of the running fiber's budget
  bool round_is_over_ = false;
  std::uint64_t begun_ = 0;  // turns; the values that it had:
  std::uint64_t last_dispatch_ = 0;
  std::uint64_t last_look_ = 0;
  std::uint64_t round_end_ = 0;
};

}  // namespace carpool::inline v0_1::detail

/// Wake-ups that were decided under the lock and are carried out after it.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace carpool::detail {

/// Declare it before taking the lock: its destructor, after the unlock, rouses whoever was added. More than it can
/// hold are roused at once, under the lock, which is slower and as correct.
template <class Backend>
class Wakeups {
 public:
  using Wakeup = decltype(std::declval<typename Backend::ParkingSlot&>().unpark());

  void add(Wakeup&& wakeup) noexcept {
    if (count_ < held_.size()) held_[count_++] = std::move(wakeup);
  }
  /// Rouses now. Call it without the lock.
  void fire() noexcept {
    for (; count_ > 0; --count_) [[maybe_unused]] const Wakeup now = std::move(held_[count_ - 1]);
  }

 private:
  std::array<Wakeup, 4> held_{};
  std::size_t count_ = 0;
};

}  // namespace carpool::detail

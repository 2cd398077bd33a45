/// The pool's helpers at rest: whom to rouse when there is an errand.
#pragma once

#include <carpool/time.hpp>

#include <utility>

namespace carpool::detail {

/// One helper's bed. It belongs to its helper; the link is used under the pool's lock.
template <class Types>
struct Helper {
  typename Types::Backend::ParkingSlot parking;
  Helper* next = nullptr;
};

/// All under the pool's lock. Helpers are hired by the keeper alone, because whoever gives a connection back must not
/// start a thread.
template <class Types>
class Roster {
 public:
  using Helper = detail::Helper<Types>;
  using Wakeup = decltype(std::declval<Helper&>().parking.unpark());
  /// There is an errand: wakes a resting helper, or the keeper so that it hires one. Where all are busy, each of them
  /// looks for the next errand by itself.
  [[nodiscard]] Wakeup rouse() noexcept {
    if (resting_ != nullptr) return std::exchange(resting_, resting_->next)->parking.unpark();
    return starting_ ? Wakeup() : keeper.parking.unpark();
  }
  void rest(Helper& helper) noexcept { helper.next = std::exchange(resting_, &helper); }

  template <class Wakeups>
  void rouse_all(Wakeups& wakeups) noexcept {
    wakeups.add(keeper.parking.unpark());
    while (resting_ != nullptr) wakeups.add(rouse());
  }

  /// Nobody rests and nobody is on the way. Each helper that takes an errand and leaves another behind rouses the next,
  /// so one at a time is enough. There are never more than errands that may run at once, and each has a place.
  [[nodiscard]] bool should_hire() const noexcept { return resting_ == nullptr && !starting_; }
  void hire() noexcept { starting_ = true; }
  void started() noexcept { starting_ = false; }
  void hiring_failed() noexcept { starting_ = false; }

  /// Something will be due then: the keeper is roused if it would have slept longer.
  [[nodiscard]] Wakeup expect(TimePoint due) noexcept {
    if (due >= keeper_due) return {};
    keeper_due = due;
    return keeper.parking.unpark();
  }

  Helper keeper;
  TimePoint keeper_due = never;  // when it will look again
  bool stopping = false;

 private:
  Helper* resting_ = nullptr;
  bool starting_ = false;  // hired, and has not asked for its first errand yet
};

}  // namespace carpool::detail

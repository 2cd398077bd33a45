/// The pool's helpers at rest: whom to rouse when there is an errand.
#pragma once

#include <carpool/time.hpp>

#include <cstddef>
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
  /// Beside the connects, so that slow goodbyes and pings hold up neither connects nor one another.
  static constexpr std::size_t max_chores = 4;

  explicit Roster(std::size_t max_connecting) noexcept : limit_(max_connecting + max_chores) {}

  /// There is an errand: wakes a resting helper, or the keeper so that it hires one. Where all are busy, each of them
  /// looks for the next errand by itself.
  [[nodiscard]] Wakeup rouse() noexcept {
    if (resting_ != nullptr) return std::exchange(resting_, resting_->next)->parking.unpark();
    return can_hire() && !starting_ ? keeper.parking.unpark() : Wakeup();
  }
  void rest(Helper& helper) noexcept { helper.next = std::exchange(resting_, &helper); }

  template <class Wakeups>
  void rouse_all(Wakeups& wakeups) noexcept {
    wakeups.add(keeper.parking.unpark());
    while (resting_ != nullptr) wakeups.add(rouse());
  }

  /// Nobody rests, nobody is on the way, and there is room for one more. Each helper that takes an errand and leaves
  /// another behind rouses the next, so one at a time is enough.
  [[nodiscard]] bool should_hire() const noexcept { return resting_ == nullptr && !starting_ && can_hire(); }
  void hire() noexcept {
    ++hired_;
    starting_ = true;
  }
  void started() noexcept { starting_ = false; }
  void hiring_failed() noexcept {
    --hired_;
    starting_ = false;
  }

  /// Something will be due then: the keeper is roused if it would have slept longer.
  [[nodiscard]] Wakeup expect(TimePoint due) noexcept {
    if (due >= keeper_due) return {};
    keeper_due = due;
    return keeper.parking.unpark();
  }

  /// Pings, resets and goodbyes in progress.
  [[nodiscard]] bool may_do_chore() const noexcept { return chores_ < max_chores; }
  void chore_begun() noexcept { ++chores_; }
  void chore_done() noexcept { --chores_; }

  Helper keeper;
  TimePoint keeper_due = never;  // when it will look again
  bool stopping = false;

 private:
  [[nodiscard]] bool can_hire() const noexcept { return hired_ < limit_; }

  Helper* resting_ = nullptr;
  std::size_t hired_ = 0;
  std::size_t chores_ = 0;
  bool starting_ = false;  // hired, and has not asked for its first errand yet
  const std::size_t limit_;
};

}  // namespace carpool::detail

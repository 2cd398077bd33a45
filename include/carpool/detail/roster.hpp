/// The pool's helpers, at rest and on their way home: whom to rouse when there is an errand.
#pragma once

#include <carpool/detail/keeper.hpp>
#include <carpool/time.hpp>

#include <utility>

namespace carpool::detail {

template <class Types>
class Crew;

/// One helper's bed. It belongs to its helper; the rest is used under the pool's lock.
template <class Types>
struct Helper {
  typename Types::Backend::ParkingSlot parking;
  Helper* next = nullptr;
  bool resting = false;  // in the roster, and not roused yet
};

/// All under the pool's lock. Helpers are hired by the keeper alone, because whoever gives a connection back must not
/// start a thread.
template <class Types>
class Roster {
 public:
  using Helper = detail::Helper<Types>;
  using Keeper = detail::Keeper<typename Types::Backend, Crew<Types>>;
  using Wakeup = decltype(std::declval<Helper&>().parking.unpark());
  /// From here on there is somebody to call; before that, what is asked for is seen in the keeper's first step.
  void open(Keeper& keeper) noexcept { keeper_ = &keeper; }
  /// The keeper is about to stop, and helpers go home when there is nothing left to do.
  void stop() noexcept {
    stopping = true;
    keeper_ = nullptr;
  }

  /// There is an errand: wakes a resting helper, or the keeper so that it hires one. Where all are busy, each of them
  /// looks for the next errand by itself.
  [[nodiscard]] Wakeup rouse() noexcept {
    if (Helper* const helper = resting_; helper != nullptr) {
      resting_ = helper->next;
      helper->resting = false;
      return helper->parking.unpark();
    }
    return starting_ ? Wakeup() : call_keeper();
  }
  /// It may be there still: a token that came together with the end of its last rest has ended this one at once.
  void rest(Helper& helper) noexcept {
    if (std::exchange(helper.resting, true)) return;
    helper.next = std::exchange(resting_, &helper);
  }
  /// It has rested for long enough. False: it has been roused meanwhile.
  [[nodiscard]] bool leave(Helper& helper) noexcept {
    if (!std::exchange(helper.resting, false)) return false;
    Helper** link = &resting_;
    while (*link != &helper) link = &(*link)->next;
    *link = helper.next;
    helper.next = std::exchange(leavers_, &helper);
    return true;
  }
  /// Those who have left since, linked by `next`: they are to be joined.
  [[nodiscard]] Helper* take_leavers() noexcept { return std::exchange(leavers_, nullptr); }

  template <class Wakeups>
  void rouse_all(Wakeups& wakeups) noexcept {
    while (resting_ != nullptr) wakeups.add(rouse());
  }

  /// Nobody rests and nobody is on the way. Each helper that takes an errand and leaves another behind rouses the next,
  /// so one at a time is enough. There are never more than errands that may run at once.
  [[nodiscard]] bool should_hire() const noexcept { return resting_ == nullptr && !starting_; }
  void hire() noexcept { starting_ = true; }
  void started() noexcept {
    starting_ = false;
    short_handed_ = false;
  }
  void hiring_failed(bool nobody_there) noexcept {
    starting_ = false;
    short_handed_ = nobody_there;
  }
  /// There is no helper, and none can be had: callers who wait do what they wait for.
  [[nodiscard]] bool short_handed() const noexcept { return short_handed_; }

  /// Something will be due then: the keeper is roused if it would have slept longer.
  [[nodiscard]] Wakeup expect(TimePoint due) noexcept {
    if (due >= keeper_due) return {};
    keeper_due = due;
    return call_keeper();
  }
  [[nodiscard]] Wakeup call_keeper() noexcept { return keeper_ != nullptr ? keeper_->call() : Wakeup(); }

  // The keeper orders a round of upkeep when it is due, and one helper at a time makes it.
  void order_round() noexcept {
    keeper_due = never;
    round_ordered_ = true;
  }
  [[nodiscard]] bool round_ordered() const noexcept { return round_ordered_ && !round_begun_; }
  [[nodiscard]] bool begin_round() noexcept {
    if (stopping || !round_ordered()) return false;
    round_ordered_ = false;
    return round_begun_ = true;
  }
  void end_round() noexcept { round_begun_ = false; }

  TimePoint keeper_due = never;  // when it will look again
  bool stopping = false;

 private:
  Keeper* keeper_ = nullptr;
  Helper* resting_ = nullptr;
  Helper* leavers_ = nullptr;
  bool starting_ = false;  // hired, and has not asked for its first errand yet
  bool short_handed_ = false;
  bool round_ordered_ = false;
  bool round_begun_ = false;
};

}  // namespace carpool::detail

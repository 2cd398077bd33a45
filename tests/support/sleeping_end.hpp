/// A drain or a close that no worker of the pool's callers sleeps for, and a worker that sleeps for its continuation
/// all the same.
#pragma once

#include <carpool/ending.hpp>

#include <atomic>

template <class Backend, class Pool>
class SleepingEnd : public Pool::Ending {
  using Ending = typename Pool::Ending;

 public:
  SleepingEnd(Pool& pool, carpool::EndKind kind, carpool::TimePoint deadline)
      : Ending(pool, kind, deadline, [](Ending& self) noexcept {
          auto& own = static_cast<SleepingEnd&>(self);
          ++own.told_;
          [[maybe_unused]] const auto wakeup = own.resumed_.unpark();
        }) {}

  /// After begin() was false.
  void wait() { static_cast<void>(resumed_.park_until(carpool::never)); }
  [[nodiscard]] int told() const noexcept { return told_; }  ///< how often it was resumed
  /// The whole of it.
  [[nodiscard]] carpool::Ended end() {
    if (!this->begin()) wait();
    return this->result();
  }

 private:
  std::atomic<int> told_{0};
  typename Backend::ParkingSlot resumed_;
};

/// A drain or a close that no worker of the pool's callers sleeps for, and a worker that sleeps for its continuation
/// all the same.
#pragma once

#include <carpool/ending.hpp>

template <class Backend, class Pool>
class SleepingEnd : public Pool::Ending {
  using Ending = typename Pool::Ending;

 public:
  SleepingEnd(Pool& pool, carpool::EndKind kind, carpool::TimePoint deadline)
      : Ending(pool, kind, deadline, [](Ending& self) noexcept {
          [[maybe_unused]] const auto wakeup = static_cast<SleepingEnd&>(self).resumed_.unpark();
        }) {}

  /// After begin() was false.
  void wait() { static_cast<void>(resumed_.park_until(carpool::never)); }
  /// The whole of it.
  [[nodiscard]] carpool::Ended end() {
    if (!this->begin()) wait();
    return this->result();
  }

 private:
  typename Backend::ParkingSlot resumed_;
};

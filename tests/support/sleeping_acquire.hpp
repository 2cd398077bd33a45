/// An acquire that no worker of the pool's callers sleeps for, and a worker that sleeps for its continuation all the
/// same.
#pragma once

#include <carpool/acquiring.hpp>

#include <optional>

template <class Backend, class Pool>
class SleepingAcquire : public Pool::Acquiring {
  using Acquiring = typename Pool::Acquiring;

 public:
  SleepingAcquire(Pool& pool, typename Pool::Target target, std::optional<carpool::TimePoint> deadline,
                  const carpool::SourceLocation& site = carpool::SourceLocation::current())
      : Acquiring(pool, std::move(target), deadline, site, [](Acquiring& self) noexcept {
          [[maybe_unused]] const auto wakeup = static_cast<SleepingAcquire&>(self).resumed_.unpark();
        }) {}

  [[nodiscard]] bool begin() noexcept { return this->ready() || Acquiring::begin(); }
  /// After begin() was false. An interruption of the worker calls the acquire off, and passes through.
  void finish() {
    do {
      try {
        static_cast<void>(resumed_.park_until(carpool::never));
      } catch (...) {
        this->call_off();
        do static_cast<void>(resumed_.park_until(carpool::never));
        while (!this->proceed());
        throw;
      }
    } while (!this->proceed());
  }

 private:
  typename Backend::ParkingSlot resumed_;
};

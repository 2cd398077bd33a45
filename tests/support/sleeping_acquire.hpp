/// An acquire that no worker of the pool's callers sleeps for, and a worker that sleeps for its continuation all the
/// same.
#pragma once

#include <carpool/acquiring.hpp>

#include <atomic>
#include <optional>

template <class Backend, class Pool>
class SleepingAcquire : public Pool::Acquiring {
  using Acquiring = typename Pool::Acquiring;

 public:
  SleepingAcquire(Pool& pool, typename Pool::Target target, std::optional<carpool::TimePoint> deadline,
                  const carpool::SourceLocation& site = carpool::SourceLocation::current())
      : Acquiring(pool, std::move(target), deadline, site, [](Acquiring& self) noexcept {
          auto& own = static_cast<SleepingAcquire&>(self);
          ++own.told_;
          [[maybe_unused]] const auto wakeup = own.resumed_.unpark();
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
        while (!look());
        throw;
      }
    } while (!look());
  }
  /// It was resumed once for each look, and is not while it looks or when it is over. For when nobody resumes it now.
  [[nodiscard]] bool told_once_for_each_look() const noexcept { return told_ == looks_; }

 private:
  [[nodiscard]] bool look() noexcept {
    ++looks_;
    return this->proceed();
  }

  std::atomic<int> told_{0};
  int looks_ = 0;
  typename Backend::ParkingSlot resumed_;
};

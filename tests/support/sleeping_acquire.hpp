/// An acquire that no worker of the pool's callers sleeps for, and a worker that sleeps for its continuation all the
/// same.
#pragma once

#include <carpool/acquiring.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>

template <class Backend, class Pool>
class SleepingAcquire : public Pool::Acquiring {
  using Acquiring = typename Pool::Acquiring;

 public:
  SleepingAcquire(Pool& pool, typename Pool::Target target, std::optional<carpool::TimePoint> deadline,
                  const carpool::SourceLocation& site = carpool::SourceLocation::current())
      : Acquiring(pool, std::move(target), deadline, site, [](Acquiring& self) noexcept {
          auto& own = static_cast<SleepingAcquire&>(self);
          ++own.told_;
          if (own.when_resumed) own.when_resumed();
          [[maybe_unused]] const auto wakeup = own.resumed_.unpark();
        }) {}

  std::function<void()> when_resumed;  ///< called by the worker that resumes it

  [[nodiscard]] bool begin() noexcept { return this->ready() || Acquiring::begin(); }
  /// After begin() was false. An interruption of the worker calls the acquire off, and passes through.
  void finish() {
    do {
      try {
        await_resumption();
      } catch (...) {
        this->call_off();
        do await_resumption();
        while (!look());
        throw;
      }
    } while (!look());
  }
  /// It was resumed once for each look, and is not while it looks or when it is over. For when nobody resumes it now.
  [[nodiscard]] bool told_once_for_each_look() const noexcept { return told_ == looks_; }

 private:
  /// Whatever a test waits for is over sooner, on the clock of its backend.
  void await_resumption() {
    constexpr auto longest = std::chrono::minutes(5);
    if (!resumed_.park_until(carpool::after(Backend::now(), longest)))
      throw std::logic_error("a caller that awaits was not resumed for five minutes");
  }
  [[nodiscard]] bool look() noexcept {
    ++looks_;
    return this->proceed();
  }

  std::atomic<int> told_{0};
  int looks_ = 0;
  typename Backend::ParkingSlot resumed_;
};

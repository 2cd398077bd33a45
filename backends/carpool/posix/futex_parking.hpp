/// A waiter's place to sleep, made of one futex word.
#pragma once

#include <carpool/posix/thread_platform.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace carpool::inline v0_1 {

/// What unpark() returns: wakes the sleeper when it is destroyed. Holds an address and never looks behind it, so the
/// slot may be gone by then; a wake at an address where something else sleeps by now is a spurious one, which every
/// user of a futex must bear.
template <class Platform>
class BasicFutexWakeup {
 public:
  BasicFutexWakeup() = default;
  explicit BasicFutexWakeup(const typename Platform::FutexWord* address) noexcept : address_(address) {}
  BasicFutexWakeup(BasicFutexWakeup&& other) noexcept : address_(std::exchange(other.address_, nullptr)) {}
  BasicFutexWakeup& operator=(BasicFutexWakeup&& other) noexcept {
    BasicFutexWakeup taken(std::move(other));
    taken.swap(*this);
    return *this;
  }
  ~BasicFutexWakeup() {
    if (address_ != nullptr) Platform::futex_wake_one(address_);
  }

  void swap(BasicFutexWakeup& other) noexcept { std::swap(address_, other.address_); }

 private:
  const typename Platform::FutexWord* address_ = nullptr;  ///< nullptr: nobody slept, there is nothing to do
};

/// One thread parks, any thread unparks. A token is kept until it is taken; a second one is the same one.
///
/// It does not spin before it sleeps. Measured with 2 to 32 threads on 1 to 8 connections held for 50 us, 300 pauses
/// cost up to half as much processor time again per lease, and throughput and the longest waits gained nothing: a lease
/// is held for longer than spinning pays. Only two threads that answer each other within a microsecond gained.
template <class Platform>
class BasicFutexParkingSlot {
 public:
  using Wakeup = BasicFutexWakeup<Platform>;

  BasicFutexParkingSlot() = default;
  BasicFutexParkingSlot(const BasicFutexParkingSlot&) = delete;
  BasicFutexParkingSlot& operator=(const BasicFutexParkingSlot&) = delete;

  /// true: took a token, at once if there was one. false: the deadline passed without.
  bool park_until(TimePoint deadline) noexcept {
    std::uint32_t seen = empty;
    if (!state_.compare_exchange_strong(seen, parked, std::memory_order_relaxed)) return take_token();
    while (Platform::futex_wait(state_, parked, deadline)) {
      if (state_.load(std::memory_order_relaxed) == token) return take_token();
    }
    seen = parked;
    if (state_.compare_exchange_strong(seen, empty, std::memory_order_relaxed)) return false;
    return take_token();  // it came together with the deadline
  }

  /// Leaves a token. The slot must be alive during the call and need not be when the Wakeup is destroyed.
  [[nodiscard]] Wakeup unpark() noexcept {
    // (2) synchronizes-with (1): what every unparker wrote before, the parker reads after. A Wakeup is due only if the
    // parker may be in the kernel.
    return state_.exchange(token, std::memory_order_release) == parked ? Wakeup{&state_} : Wakeup{};  // (2)
  }

 private:
  enum State : std::uint32_t {
    empty,   ///< no token, nobody sleeps
    token,   ///< unparked and not yet noticed
    parked,  ///< the owner sleeps, or is on its way there or back
  };

  /// An exchange, not a store: a second unparker may have left its token meanwhile, which is the same token, but what
  /// it wrote before must be seen too, or the parker would look in vain and sleep again.
  bool take_token() noexcept {
    state_.exchange(empty, std::memory_order_acquire);  // (1)
    return true;
  }

  typename Platform::FutexWord state_{empty};  ///< a State. The parker writes empty and parked, unparkers write token.
};

using FutexWakeup = BasicFutexWakeup<detail::ThreadPlatform>;
using FutexParkingSlot = BasicFutexParkingSlot<detail::ThreadPlatform>;

}  // namespace carpool::inline v0_1

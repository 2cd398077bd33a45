/// Whether the machine slept: then what was idle may be long dead, although no time has passed on the clock.
#pragma once

#include <carpool/time.hpp>

#include <atomic>
#include <chrono>

namespace carpool::inline v0_1::detail {

template <class Backend>
concept TellsSuspensions = requires { Backend::time_suspended(); };

/// Any worker. Costs two clock reads for what was idle for longer than a tick of the coarse clock, and nothing for what
/// was not: a sleep between two readings of the same tick is not seen.
template <class Backend>
class Suspensions {
 public:
  /// `now` and `since` are readings of the coarse clock.
  [[nodiscard]] bool any_between([[maybe_unused]] TimePoint since, [[maybe_unused]] TimePoint now) noexcept {
    if constexpr (!TellsSuspensions<Backend>) {
      return false;
    } else {
      if (since == now) return false;
      const auto slept = Backend::time_suspended().count();
      if (slept - known_.load(std::memory_order_acquire) > worth_mentioning.count()) {
        woke_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        known_.store(slept, std::memory_order_release);
      }
      return since.time_since_epoch().count() < woke_at_.load(std::memory_order_relaxed);
    }
  }

 private:
  /// The two clocks behind it are not read at the same moment; and who slept for less has hardly lost a connection.
  static constexpr Duration worth_mentioning = std::chrono::milliseconds(100);

  [[nodiscard]] static Duration::rep so_far() noexcept {
    if constexpr (TellsSuspensions<Backend>) {
      return Backend::time_suspended().count();
    } else {
      return 0;
    }
  }

  using Atomic = typename Backend::template Atomic<Duration::rep>;
  Atomic known_{so_far()};                                       // how much sleep has been noticed
  Atomic woke_at_{TimePoint::min().time_since_epoch().count()};  // when; written before known_
};

}  // namespace carpool::inline v0_1::detail

/// What all backends do alike that run on POSIX threads: clocks, barriers, random numbers, poll(2).
#pragma once

#include <carpool/posix/awaited_call.hpp>
#include <carpool/posix/cached_coarse_clock.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/exception_state.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/membarrier.hpp>
#include <carpool/posix/poll_wait.hpp>
#include <carpool/posix/redirect_to_dev_null.hpp>
#include <carpool/posix/thread_pointer.hpp>
#include <carpool/posix/thread_random.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// A base to be hidden member by member: a backend declares anew what it does differently.
struct PosixBackend {
  [[gnu::always_inline]] static void light_barrier() noexcept { detail::light_barrier(); }
  static void heavy_barrier() noexcept { detail::heavy_barrier(); }

  [[nodiscard]] static TimePoint now() noexcept { return clock_now(); }
  [[nodiscard, gnu::always_inline]] static TimePoint coarse_now() noexcept { return CachedCoarseClock::now(); }
  [[nodiscard]] static Duration time_suspended() noexcept { return clock_time_suspended(); }
  static void sleep_until(TimePoint deadline) { clock_sleep_until(deadline); }

  /// What each thread has once, read anew at each call: a compiler may keep the address of a thread_local across a
  /// co_await that goes on on another thread. A later thread may get the same: it inherits an affinity.
  [[nodiscard, gnu::always_inline]] static WorkerId worker() noexcept { return thread_pointer(); }
  [[nodiscard]] static int uncaught_exceptions() noexcept { return detail::uncaught_exceptions(); }
  [[nodiscard]] static std::uint64_t random() noexcept { return thread_random(); }
  [[nodiscard]] static std::uint64_t fork_generation() noexcept { return detail::fork_generation(); }

  /// Events are poll(2)'s bits; 0 = the deadline passed.
  [[nodiscard]] static unsigned wait(int fd, unsigned events, TimePoint deadline) {
    return poll_wait(fd, events, deadline);
  }
  /// poll(2) keeps no registrations that could be mistaken for those of the descriptor's next owner.
  static void forget(int) noexcept {}
  /// In a forked child: closes its copy of the socket, so that the peer sees the end when the parent closes its own.
  /// The number stays taken, by /dev/null: the code that takes it for its own may close it once.
  static void redirect_to_dev_null(int fd) noexcept { redirect_socket_to_dev_null(fd); }
  /// Nobody watches idle descriptors here: a connector must look for itself.
  [[nodiscard]] static bool idle_hint(int) noexcept { return false; }
  /// A thread that blocks holds up nobody else.
  template <class F>
  static decltype(auto) run_blocking(F&& call) {
    return std::invoke(std::forward<F>(call));
  }
  /// As run_blocking, but for no longer than until then: empty where the deadline passed first. A thread cannot be
  /// called back from a system call, so a helper makes it, and goes on when nobody waits any more: the call must own
  /// what it touches, and return a value.
  template <class F>
  [[nodiscard]] static std::optional<std::invoke_result_t<F>> run_blocking_until(F call, TimePoint deadline) {
    return OwningCall<FutexParkingSlot, F>::run_until(std::move(call), deadline);
  }
};

}  // namespace carpool::inline v0_1::detail

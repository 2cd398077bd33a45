/// One thread and nothing else: no mutex, no atomic, no barrier, no waiting for anybody.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/posix/backend.hpp>
#include <carpool/posix/plain_atomic.hpp>
#include <carpool/posix/reaper_service.hpp>
#include <carpool/time.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

template <class Backend>
class PosixSocket;

/// A pool on this backend belongs to one thread at a time; different pools may belong to different threads. Nobody runs
/// beside the caller, so who would have to wait for somebody else fails at once instead.
struct SingleBackend : detail::PosixBackend {
  static constexpr bool concurrent = false;

  template <class T>
  using Atomic = detail::PlainAtomic<T>;
  using Socket = PosixSocket<SingleBackend>;

  /// Locks nothing: there is one caller at a time.
  struct Mutex {
    void lock() noexcept {}
    void unlock() noexcept {}
  };

  /// No caller sleeps, so none is woken.
  struct Wakeup {};

  /// Keeps one token. Threads: the pool's one caller.
  class ParkingSlot {
   public:
    ParkingSlot() = default;
    ParkingSlot(const ParkingSlot&) = delete;
    ParkingSlot& operator=(const ParkingSlot&) = delete;

    /// Does not wait for the deadline: while this thread slept, nobody could come who would unpark it.
    bool park_until(TimePoint) noexcept { return std::exchange(token_, false); }
    Wakeup unpark() noexcept {
      token_ = true;
      return {};
    }

   private:
    bool token_ = false;
  };

  /// Finished before it is returned.
  class Task {
   public:
    Task() = default;
    Task(Task&&) noexcept = default;
    Task& operator=(Task&&) noexcept = default;
    void join() noexcept {}    ///< its work was done by the call that made it
    void detach() noexcept {}  ///< nothing is left to detach from
  };

  /// Has a thread, "carpool-reaper", keep a coarse clock for all pools of the process while they are busy: then an
  /// acquire and release takes a third of what it does with the system's clock. Pools on the other backends have that
  /// thread anyway; this one starts no thread unasked. Where no thread can be started, the system's clock is read as
  /// before. Any thread may call it. The thread stays until the process ends, and a forked child has none until it asks
  /// again.
  static void install_coarse_clock() noexcept { detail::ReaperService::keep_coarse_clock(); }

  [[nodiscard]] static TimePoint coarse_now() noexcept {
    return detail::CachedCoarseClock::has_thread() ? detail::CachedCoarseClock::now() : detail::clock_coarse_now();
  }
  static void light_barrier() noexcept {}
  static void heavy_barrier() noexcept {}
  /// Every caller of one pool is the same worker.
  [[nodiscard]] static WorkerId worker() noexcept { return 1; }

  /// There is no helper to leave it to: it ends when it ends, perhaps after the deadline.
  template <class F>
  [[nodiscard]] static std::optional<std::invoke_result_t<F>> run_blocking_until(F call, TimePoint) {
    return std::invoke(std::move(call));
  }

  /// Runs f here and now. An exception that leaves it terminates, as it would in a thread.
  template <class F>
  [[nodiscard]] static Task spawn(F&& f) noexcept {
    std::invoke(std::forward<F>(f));
    return {};
  }
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& f) noexcept {
    return spawn(std::forward<F>(f));
  }
};

}  // namespace carpool::inline v0_1

#include <carpool/posix/socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::SingleBackend>);

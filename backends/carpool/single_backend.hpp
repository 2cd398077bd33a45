/// One thread and nothing else: no mutex, no atomic, no barrier, no waiting for anybody.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/posix_backend.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace carpool {

template <class Backend>
class PosixSocket;

namespace detail {

/// std::atomic's members on a plain value, the memory orders ignored.
template <class T>
class PlainAtomic {
 public:
  PlainAtomic() = default;
  constexpr PlainAtomic(T value) noexcept : value_(value) {}
  PlainAtomic(const PlainAtomic&) = delete;
  PlainAtomic& operator=(const PlainAtomic&) = delete;

  [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst) const noexcept { return value_; }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept { value_ = value; }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept { return std::exchange(value_, value); }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst) noexcept {
    if (value_ == expected) return value_ = desired, true;
    return expected = value_, false;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired, success);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired, success);
  }

  T fetch_add(T amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ + amount));
  }
  T fetch_sub(T amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ - amount));
  }

 private:
  T value_{};
};

}  // namespace detail

/// A pool on this backend belongs to one thread at a time; different pools may belong to different threads. Nobody runs
/// beside the caller, so who would have to wait for somebody else fails at once instead.
struct SingleBackend : detail::PosixBackend {
  static constexpr bool concurrent = false;

  template <class T>
  using Atomic = detail::PlainAtomic<T>;
  using Socket = PosixSocket<SingleBackend>;

  struct Mutex {
    void lock() noexcept {}
    void unlock() noexcept {}
  };

  struct Wakeup {};

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
    void join() noexcept {}
  };

  static void light_barrier() noexcept {}
  static void heavy_barrier() noexcept {}
  /// Every caller of one pool is the same worker.
  [[nodiscard]] static WorkerId worker() noexcept { return 1; }

  /// Runs f here and now. An exception that leaves it terminates, as it would in a thread.
  template <class F>
  static Task spawn(F&& f) noexcept {
    std::invoke(std::forward<F>(f));
    return {};
  }
  template <class F>
  static Task spawn_background(F&& f) noexcept {
    return spawn(std::forward<F>(f));
  }
};

}  // namespace carpool

#include <carpool/posix_socket.hpp>

static_assert(carpool::IoBackendPolicy<carpool::SingleBackend>);

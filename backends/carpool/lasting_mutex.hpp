/// An AsymmetricMutex that its last owner may destroy as soon as it has unlocked it.
#pragma once

#include <carpool/asymmetric_mutex.hpp>

#include <atomic>
#include <utility>

namespace carpool {

namespace detail {

/// A mutex in memory that stays a mutex for ever: cells go round, and are never given back to the system. There are
/// as many as there were pools at once.
struct alignas(64) MutexCell {
  AsymmetricMutex mutex;
  MutexCell* next = nullptr;  // while spare; written by who owns the cell
};

/// A stack that is taken whole, so that no reader can be fooled by a cell that left and came back (ABA). No lock: a
/// forked child may find it in any state and can use it.
class SpareMutexCells {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static MutexCell& take() {
    MutexCell* all = top_.exchange(nullptr, std::memory_order_acquire);  // (1)
    if (all == nullptr) return *new MutexCell;
    for (MutexCell* rest = all->next; rest != nullptr;) give(*std::exchange(rest, rest->next));
    return *all;
  }
  static void give(MutexCell& cell) noexcept {
    cell.next = top_.load(std::memory_order_relaxed);
    while (!top_.compare_exchange_weak(cell.next, &cell, std::memory_order_release,  // synchronizes-with (1)
                                       std::memory_order_relaxed)) {
    }
  }

 private:
  static inline std::atomic<MutexCell*> top_{nullptr};
};

}  // namespace detail

/// AsymmetricMutex::unlock still looks at the mutex, and may wake a sleeper through it, after the next owner is in. An
/// owner who comes next and destroys it would pull it from under that look: a pool's last lease, given back while
/// another thread destroys the pool. Here such a late look finds a cell that is a mutex still, if perhaps somebody
/// else's; a wake-up too many is all that it can do there, and every sleeper looks again before it believes one.
class LastingMutex {
 public:
  /// Throws std::bad_alloc.
  LastingMutex() : cell_(detail::SpareMutexCells::take()) {}
  LastingMutex(const LastingMutex&) = delete;
  LastingMutex& operator=(const LastingMutex&) = delete;
  ~LastingMutex() { detail::SpareMutexCells::give(cell_); }

  void lock() noexcept { cell_.mutex.lock(); }
  void unlock() noexcept { cell_.mutex.unlock(); }

 private:
  detail::MutexCell& cell_;
};

}  // namespace carpool

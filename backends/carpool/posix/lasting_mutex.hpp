/// An AsymmetricMutex that its last owner may destroy as soon as it has unlocked it.
#pragma once

#include <carpool/posix/asymmetric_mutex.hpp>
#include <carpool/posix/per_process.hpp>

#include <mutex>
#include <new>
#include <utility>

namespace carpool {

namespace detail {

/// A mutex in memory that stays a mutex for ever: cells go round, and are never given back to the system. There are
/// as many as there were pools at once.
struct alignas(64) MutexCell {
  AsymmetricMutex mutex;
  MutexCell* next = nullptr;  // while spare; under the lock of the spare cells
};

/// The cells that no pool has. Making and ending a pool takes a lock for a moment, so that a cell comes out in one
/// step, however many are spare, and none can be taken for another that left and came back (ABA). A forked child, which
/// may find that lock held by a thread that it has not got, begins with no spare cells.
class SpareMutexCells {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static MutexCell& take() {
    MutexCell* const spare = of_this_process().pop();
    return spare != nullptr ? *spare : *new MutexCell;
  }
  static void give(MutexCell& cell) noexcept {
    try {
      of_this_process().push(cell);
    } catch (const std::bad_alloc&) {  // a child that has never made a pool, nor memory for one: it has a cell less
    }
  }

 private:
  friend PerProcess<SpareMutexCells>;

  static SpareMutexCells& of_this_process() {
    static constinit PerProcess<SpareMutexCells> cells;
    return cells.get();
  }
  [[nodiscard]] MutexCell* pop() {
    const std::lock_guard lock(mutex_);
    MutexCell* const top = top_;
    if (top != nullptr) top_ = top->next;
    return top;
  }
  void push(MutexCell& cell) {
    const std::lock_guard lock(mutex_);
    cell.next = std::exchange(top_, &cell);
  }

  std::mutex mutex_;  // protects what follows
  MutexCell* top_ = nullptr;
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

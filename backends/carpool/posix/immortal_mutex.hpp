/// An AsymmetricMutex that its last owner may destroy as soon as it has unlocked it.
#pragma once

#include <carpool/posix/asymmetric_mutex.hpp>
#include <carpool/posix/per_process.hpp>

#include <mutex>
#include <new>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

/// A mutex in memory that stays a mutex for ever. Cells are reused and never given back to the system. There are as
/// many as there were pools at the same time.
struct alignas(64) MutexCell {
  AsymmetricMutex mutex;
  MutexCell* next = nullptr;  // while spare; under the lock of the spare cells
};

/// The cells that no pool uses. Making or ending a pool takes a lock for a moment. The lock makes taking a cell one
/// step, however many are spare, and rules out ABA: a cell that left and came back cannot be taken for another. A
/// forked child may find that lock held by a thread that it does not have, so it begins with no spare cells.
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
    } catch (const std::bad_alloc&) {  // a forked child without memory for its own list: the cell is lost
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

/// AsymmetricMutex::unlock still reads the mutex, and may wake a sleeper through it, after the next owner has locked
/// it. The next owner may destroy the mutex at once: one thread gives a pool's last lease back while another destroys
/// the pool. Then the late read finds a cell that is still a mutex, perhaps another pool's. All it can do there is one
/// wake-up too many, and every sleeper looks again when it is woken.
class ImmortalMutex {
 public:
  /// Throws std::bad_alloc.
  ImmortalMutex() : cell_(detail::SpareMutexCells::take()) {}
  ImmortalMutex(const ImmortalMutex&) = delete;
  ImmortalMutex& operator=(const ImmortalMutex&) = delete;
  ~ImmortalMutex() { detail::SpareMutexCells::give(cell_); }

  void lock() noexcept { cell_.mutex.lock(); }
  void unlock() noexcept { cell_.mutex.unlock(); }

 private:
  detail::MutexCell& cell_;
};

}  // namespace carpool::inline v0_1

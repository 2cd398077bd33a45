/// One worker's entry in the pool's cache: the connection that this worker gave back last, until it asks again.
#pragma once

#include <carpool/detail/state/pool_slot.hpp>

#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// While the entry is open in an epoch, its owner takes from it and puts into it without the pool's lock and without an
/// atomic read-modify-write. The SlotTable counts a cached connection as in use. A reader that needs exact state closes
/// the entry under the lock and moves the cached slot to the idle queue; reopening it starts a new, greater epoch. An
/// epoch starts only while the pool is uncontended, and the first change of that closes the entries. So, as long as the
/// epoch holds in which a connection was lent, nothing that could forbid its return has changed.
///
///   the owner takes             the owner puts                whoever closes, under the lock
///   T1 reads the epoch          P1 finds the entry empty      C1 epoch := 0
///   T2 reads the slot           P2 reads the epoch            C2 heavy barrier
///   T3 stage := taking          P3 stage := putting           C3 reads the stage; taking: the owner was first
///   T4 light barrier            P4 slot := connection         C4 takes a connection that was put in the epoch
///   T5 reads the epoch again    P5 light barrier                 that ends here, and writes that epoch down
///   T6 slot := none             P6 reads the epoch again      C5 slot := none
///      stage := resting            stage := resting
///
/// (1) T4 and P5 pair with C2: either T5 (P6) sees C1, or C3 and C4 see T3 (P4).
/// (2) Where T5 and P6 see no change, the owner's step stands: T3 made C3 leave the connection alone, and P4 is seen by
///     C4. Where they see one, the owner asks under the lock what became of it: `settle`.
/// (3) T1 before T2, and P1 before P2: a connection read in T2 was put under the epoch read in T1 or is gone by then,
///     which T5 notices; what C4 wrote down for the epoch read in P2 is about P4's connection and no earlier one.
/// (4) An epoch is never given twice, so an entry that closed and opened again in between does not pass T5 or P6.
/// (5) C4 leaves alone what was put under an older epoch: its owner is between P4 and P6, and will see that.
///
/// What (1) leaves open is closed by release and acquire, which cost nothing on x86. Under each number stands what
/// goes wrong without; tests/simulation/orders_test.cpp leaves out one after the other.
/// (6) open, T1: who reads an epoch has seen how the closing before it left the entry. Else T2 sees what C5 took away.
/// (7) P4, C4: the connection comes with all that its owner did to it.
/// (8) T6 and P6, and P3, C3: who reads a stage sees each T6 before it. Else C4, which comes after C3, sees a
///     connection that the owner has taken for good. T3 needs none of it: who reads `taking` reads no further.
/// (9) C5, P1: who finds the entry emptied by a closer sees C1 in P2. Else it puts a second connection under an epoch
///     that has ended, and settle takes what was written down about the first for the second's.
/// (10) P6, busy: when the owner is seen resting, all that it did to the entry is done; so the entry may go.
/// T2, P2 and settle need none of it: what T2 reads the owner wrote itself; the epoch that P2 compares it has seen
/// when it was lent the connection; and whoever closes comes after settle by the lock.
template <class Types>
class alignas(64) WorkerCacheEntry {
  using Backend = typename Types::Backend;
  template <class T>
  using Atomic = typename Backend::template Atomic<T>;

 public:
  using PoolSlot = detail::PoolSlot<Types>;

  /// What the owner holds after take() or put(). No slot: the entry could not serve it.
  struct CacheAttempt {
    PoolSlot* slot = nullptr;
    Epoch epoch = 0;
    bool certain = false;  // else settle() tells
  };

  // --- by its owner, without the lock ------------------------------------------------------------------

  [[nodiscard]] bool belongs_to(WorkerId worker) const noexcept {
    return owner_.load(std::memory_order_relaxed) == worker;
  }
  [[nodiscard]] CacheAttempt take() noexcept {
    const Epoch epoch = epoch_.load(std::memory_order_acquire);                           // T1 (6)
    PoolSlot* const slot = epoch == 0 ? nullptr : slot_.load(std::memory_order_relaxed);  // T2
    if (slot == nullptr) return {};
    stage_.store(Stage::taking, std::memory_order_relaxed);  // T3
    Backend::light_barrier();                                // T4
    if (epoch_.load(std::memory_order_relaxed) != epoch) [[unlikely]]
      return {slot, epoch};                                   // T5
    slot_.store(nullptr, std::memory_order_relaxed);          // T6
    stage_.store(Stage::resting, std::memory_order_release);  // (8)
    return {slot, epoch, true};
  }
  /// A lease begins with what was taken.
  void count_lease() noexcept { served_.store(served_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  /// Only a connection that was lent in the epoch that still holds.
  [[nodiscard]] CacheAttempt put(PoolSlot& slot) noexcept {
    if (slot_.load(std::memory_order_acquire) != nullptr) return {};  // P1 (9)
    const Epoch epoch = epoch_.load(std::memory_order_relaxed);       // P2
    if (epoch == 0 || slot.epoch != epoch) return {};
    stage_.store(Stage::putting, std::memory_order_release);               // P3 (8)
    slot_.store(&slot, std::memory_order_release);                         // P4 (7)
    Backend::light_barrier();                                              // P5
    const bool certain = epoch_.load(std::memory_order_relaxed) == epoch;  // P6
    if (certain) [[likely]]
      stage_.store(Stage::resting, std::memory_order_release);  // (8) (10)
    return {&slot, epoch, certain};
  }

  // --- under the lock ----------------------------------------------------------------------------------

  /// By the owner, of an attempt that is not certain: whether the connection is its own now.
  [[nodiscard]] bool settle(const CacheAttempt& attempt) noexcept {
    const bool mine = recalled_ != attempt.epoch;
    if (mine) slot_.store(nullptr, std::memory_order_relaxed);
    stage_.store(Stage::resting, std::memory_order_relaxed);
    return mine;
  }

  void assign_to(WorkerId worker) noexcept { owner_.store(worker, std::memory_order_relaxed); }
  void open(Epoch epoch) noexcept { epoch_.store(epoch, std::memory_order_release); }  // (6)
  void close() noexcept { epoch_.store(0, std::memory_order_relaxed); }                // C1; C2 follows
  /// The slot that is cached here, if it was put in the epoch that has just ended.
  [[nodiscard]] PoolSlot* recall(Epoch ended) noexcept {
    if (stage_.load(std::memory_order_acquire) == Stage::taking) return nullptr;  // C3 (8)
    PoolSlot* const slot = slot_.load(std::memory_order_acquire);                 // C4 (7)
    if (slot == nullptr || slot->epoch != ended) return nullptr;
    slot_.store(nullptr, std::memory_order_release);  // C5 (9)
    recalled_ = ended;
    return slot;
  }
  /// By the owner, while the entry is open.
  [[nodiscard]] PoolSlot* take_uncontended() noexcept {
    PoolSlot* const slot = slot_.load(std::memory_order_relaxed);
    if (slot != nullptr) slot_.store(nullptr, std::memory_order_relaxed);
    return slot;
  }

  // --- by any worker, perhaps a moment late ---------------------------------------------------------------

  [[nodiscard]] PoolSlot* cached() const noexcept { return slot_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t served() const noexcept { return served_.load(std::memory_order_relaxed); }
  /// Its owner has still something to do with it. (10)
  [[nodiscard]] bool busy() const noexcept { return stage_.load(std::memory_order_acquire) != Stage::resting; }

 private:
  enum class Stage : std::uint8_t {
    resting,  ///< the owner is elsewhere
    taking,   ///< it is about to take what rests here
    putting,  ///< it is about to leave a connection here
  };

  Atomic<WorkerId> owner_{0};            // written once, under the lock; 0: none yet
  Atomic<Epoch> epoch_{0};               // written under the lock; 0: closed
  Atomic<PoolSlot*> slot_{nullptr};      // by the owner while the entry is open, else under the lock
  Atomic<Stage> stage_{Stage::resting};  // by the owner
  Atomic<std::uint64_t> served_{0};      // by the owner: how many leases began here
  Epoch recalled_ = 0;                   // under the lock: the last epoch under which something was recalled
};

}  // namespace carpool::inline v0_1::detail

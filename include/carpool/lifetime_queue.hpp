/// The queue that hands out the connection born first: old ones are used up, young ones kept (socketpool's order).
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/state/pairing_heap.hpp>
#include <carpool/slot.hpp>

#include <cstddef>

namespace carpool::inline v0_1 {

/// Oldest `born` first; of two born at the same instant, the one with the smaller `id`.
///
/// Cost: push and size O(1); pop and remove O(log n) amortised; pop followed by push of the same slot O(1) in the
/// steady state, however many are idle. Nothing is allocated: the slots are the nodes of a pairing heap.
/// Threads: called under the pool's lock.
/// Lifetime: does not own the slots; a slot must leave (pop or remove) before it or the queue is destroyed, and its
/// born and id must not change while it is here.
class LifetimeQueue {
 public:
  /// Puts the slot, which must be in no queue, where its birth belongs.
  void push(Slot& slot) noexcept {
    heap_.push(slot);
    ++size_;
  }

  /// Takes out the slot that was born first; nullptr when empty.
  [[nodiscard]] Slot* pop() noexcept {
    Slot* const oldest = heap_.front();
    if (oldest != nullptr) remove(*oldest);
    return oldest;
  }

  /// Takes this slot out from wherever it stands; it must be in this queue.
  void remove(Slot& slot) noexcept {
    heap_.remove(slot);
    --size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct ByBirth {
    static Slot*& child(Slot& slot) noexcept { return slot.child; }
    static Slot*& next(Slot& slot) noexcept { return slot.next; }
    static Slot*& previous(Slot& slot) noexcept { return slot.previous; }
    static bool goes_before(const Slot& left, const Slot& right) noexcept {
      return left.born != right.born ? left.born < right.born : left.id < right.id;
    }
  };

  detail::PairingHeap<Slot, ByBirth> heap_;  // under the pool's lock
  std::size_t size_ = 0;                     // under the pool's lock
};

static_assert(QueuePolicy<LifetimeQueue>);

}  // namespace carpool::inline v0_1

/// The queue that hands out the connection idle longest: each its turn, so the load is spread evenly.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/slot_list.hpp>

#include <cstddef>

namespace carpool::inline v0_1 {

/// First in, first out. For connections that a server or firewall drops when they are silent, and for endpoints
/// behind a balancer; the price is that the pool never shrinks by idleness while there is any load.
///
/// Cost: every operation O(1); nothing is allocated, nothing can fail.
/// Threads: called under the pool's lock.
/// Lifetime: does not own the slots; a slot must leave (pop or remove) before it or the queue is destroyed.
class FifoQueue {
 public:
  /// The slot, which must be in no queue, goes after all that are here.
  void push(Slot& slot) noexcept { slots_.push_back(slot); }
  /// Takes out the slot that has been here longest; nullptr when empty.
  [[nodiscard]] Slot* pop() noexcept { return slots_.pop_front(); }
  /// Takes this slot out from wherever it stands; it must be in this queue.
  void remove(Slot& slot) noexcept { slots_.remove(slot); }
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

 private:
  detail::SlotList slots_;  // under the pool's lock; front = here longest
};

static_assert(QueuePolicy<FifoQueue>);

}  // namespace carpool::inline v0_1

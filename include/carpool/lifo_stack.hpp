/// The queue that hands out the connection used last: few connections stay warm, the rest grow idle and can be closed.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/slot_list.hpp>

#include <cstddef>

namespace carpool::inline v0_1 {

/// Last in, first out. The choice for most programs: its working set is as small as the load allows, so caches on
/// both ends stay warm and IdleTimeout shrinks the pool when the load falls.
///
/// Cost: every operation O(1); nothing is allocated, nothing can fail.
/// Threads: called under the pool's lock.
/// Lifetime: does not own the slots; a slot must leave (pop or remove) before it or the queue is destroyed.
class LifoStack {
 public:
  static constexpr WorkerCaching worker_caching = WorkerCaching::single_worker;

  /// The slot, which must be in no queue, will be the next to go.
  void push(Slot& slot) noexcept { slots_.push_front(slot); }
  /// Takes out the slot that was pushed last; nullptr when empty.
  [[nodiscard]] Slot* pop() noexcept { return slots_.pop_front(); }
  /// Takes this slot out from wherever it stands; it must be in this queue.
  void remove(Slot& slot) noexcept { slots_.remove(slot); }
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

 private:
  detail::SlotList slots_;  // under the pool's lock; front = pushed last
};

static_assert(QueuePolicy<LifoStack>);

}  // namespace carpool::inline v0_1

/// The queue that gives a worker back the connection it used last, whose memory is still in that processor's cache.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/slot_list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1 {

/// One bag for all workers, with a table of hints: who gave what back lately. A worker gets what it gave back last
/// itself; where the table knows nothing, whatever was given back last by anybody. The hints narrow the choice, never
/// the supply: no connection belongs to a worker, so none lies idle while another worker wants it.
///
/// The pool writes Slot::last_worker when it hands a slot out, after pop and before the next push. A hint is lost, and
/// only speed with it, when hints_per_set slots of workers that share a set came in after it.
///
/// Cost: every operation O(1): a look at hints_per_set pointers; nothing is allocated, nothing can fail.
/// Threads: called under the pool's lock.
/// Lifetime: does not own the slots; a slot must leave (pop or remove) before it or the queue is destroyed, and its
/// last_worker must not change while it is here.
class AffineBag {
 public:
  static constexpr WorkerCaching worker_caching = WorkerCaching::per_worker;

  /// The slot, which must be in no queue, will be the next for its last_worker.
  void push(Slot& slot) noexcept {
    slots_.push_front(slot);
    remember(slot);
  }

  /// Takes out the slot that this worker gave back last, else the one that anybody did; nullptr when empty.
  [[nodiscard]] Slot* pop(WorkerId worker) noexcept {
    Slot* const own = find(worker);
    Slot* const slot = own != nullptr ? own : slots_.front();
    if (slot != nullptr) remove(*slot);
    return slot;
  }

  /// Takes this slot out from wherever it stands; it must be in this queue.
  void remove(Slot& slot) noexcept {
    forget(slot);
    slots_.remove(slot);
  }

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

 private:
  // Sixteen sets of four: of eight workers practically never five meet in one set, while one table of 64 single hints
  // would see two of them collide in every third process; and 512 bytes can be afforded per endpoint.
  static constexpr unsigned set_bits = 4;
  static constexpr std::size_t hints_per_set = 4;
  // What came in last first; each points to a slot of this bag or is null.
  using HintSet = std::array<Slot*, hints_per_set>;

  /// Worker ids are mostly addresses, alike in their low and high bits: the multiplication mixes all into the top ones.
  [[nodiscard]] HintSet& hints_of(WorkerId worker) noexcept {
    return hints_[(std::uint64_t{worker} * 0x9E3779B97F4A7C15u) >> (64 - set_bits)];
  }

  [[nodiscard]] Slot* find(WorkerId worker) noexcept {
    for (Slot* const slot : hints_of(worker)) {
      if (slot != nullptr && slot->last_worker == worker) return slot;
    }
    return nullptr;
  }

  void remember(Slot& slot) noexcept {
    HintSet& hints = hints_of(slot.last_worker);
    for (std::size_t i = hints.size() - 1; i > 0; --i) hints[i] = hints[i - 1];
    hints.front() = &slot;
  }

  /// Closes the gap, so that the free places stay behind the hints.
  void forget(const Slot& slot) noexcept {
    HintSet& hints = hints_of(slot.last_worker);
    std::size_t kept = 0;
    for (Slot* const hint : hints) {
      if (hint != &slot) hints[kept++] = hint;
    }
    while (kept < hints.size()) hints[kept++] = nullptr;
  }

  detail::SlotList slots_;                                   // under the pool's lock; front = given back last
  std::array<HintSet, std::size_t{1} << set_bits> hints_{};  // under the pool's lock
};

static_assert(QueuePolicy<AffineBag>);

}  // namespace carpool::inline v0_1

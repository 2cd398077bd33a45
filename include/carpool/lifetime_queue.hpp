/// The queue that hands out the connection born first: old ones are used up, young ones kept (socketpool's order).
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/slot.hpp>

#include <cstddef>
#include <utility>

namespace carpool::inline v0_1 {

/// Oldest `born` first; of two born at the same instant, the one with the smaller `id`.
///
/// A pairing heap whose nodes are the slots themselves: Slot::child is the first child, Slot::next the next sibling,
/// Slot::previous the previous sibling or, of a first child, the parent. It was chosen over a binary heap because it
/// needs no array that could have to grow, and because the pool's steady state (the oldest goes out and comes back)
/// touches two slots however many are idle.
///
/// Cost: push and size O(1); pop and remove O(log n) amortised; pop followed by push of the same slot O(1) in the
/// steady state. Loops, not recursion: the depth of the heap does not matter to the stack. Nothing is allocated.
/// Threads: called under the pool's lock.
/// Lifetime: does not own the slots; a slot must leave (pop or remove) before it or the queue is destroyed, and its
/// born and id must not change while it is here.
class LifetimeQueue {
 public:
  LifetimeQueue() = default;
  LifetimeQueue(const LifetimeQueue&) = delete;  // a copy would claim the links of slots that are in the original
  LifetimeQueue& operator=(const LifetimeQueue&) = delete;

  /// Puts the slot, which must be in no queue, where its birth belongs.
  void push(Slot& slot) noexcept {
    slot.previous = slot.next = slot.child = nullptr;
    root_ = root_ == nullptr ? &slot : meld(*root_, slot);
    ++size_;
  }

  /// Takes out the slot that was born first; nullptr when empty.
  [[nodiscard]] Slot* pop() noexcept {
    Slot* const oldest = root_;
    if (oldest != nullptr) remove(*oldest);
    return oldest;
  }

  /// Takes this slot out from wherever it stands; it must be in this queue.
  void remove(Slot& slot) noexcept {
    Slot* const orphans = meld_siblings(std::exchange(slot.child, nullptr));
    if (&slot == root_) {
      root_ = orphans;
    } else {
      cut(slot);
      if (orphans != nullptr) root_ = meld(*root_, *orphans);
    }
    --size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static bool goes_before(const Slot& left, const Slot& right) noexcept {
    return left.born != right.born ? left.born < right.born : left.id < right.id;
  }

  /// Joins two heaps, neither of which has siblings, and returns the root of both.
  static Slot* meld(Slot& left, Slot& right) noexcept {
    Slot& parent = goes_before(left, right) ? left : right;
    Slot& child = &parent == &left ? right : left;
    child.next = parent.child;
    if (child.next != nullptr) child.next->previous = &child;
    child.previous = &parent;
    parent.child = &child;
    return &parent;
  }

  /// Takes a slot that is not the root, with all below it, out of its family.
  static void cut(Slot& slot) noexcept {
    const bool is_first = slot.previous->child == &slot;
    (is_first ? slot.previous->child : slot.previous->next) = slot.next;
    if (slot.next != nullptr) slot.next->previous = slot.previous;
    slot.previous = slot.next = nullptr;
  }

  /// Takes one heap off a chain of siblings; the chain then starts at the next.
  static Slot* take_first(Slot*& chain) noexcept {
    Slot* const first = chain;
    if (first != nullptr) {
      chain = first->next;
      first->previous = first->next = nullptr;
    }
    return first;
  }

  /// Makes one heap of a chain of siblings: pairs from left to right, then all pairs from right to left. The two
  /// passes are what makes pop O(log n) amortised. Returns nullptr for an empty chain.
  static Slot* meld_siblings(Slot* chain) noexcept {
    Slot* pairs = nullptr;  // linked by next, rightmost pair first
    while (Slot* const left = take_first(chain)) {
      Slot* const right = take_first(chain);
      Slot* const pair = right == nullptr ? left : meld(*left, *right);
      pair->next = pairs;
      pairs = pair;
    }
    Slot* root = take_first(pairs);
    while (Slot* const pair = take_first(pairs)) root = meld(*root, *pair);
    return root;
  }

  Slot* root_ = nullptr;  // under the pool's lock; no siblings, previous and next are null
  std::size_t size_ = 0;  // under the pool's lock
};

static_assert(QueuePolicy<LifetimeQueue>);

}  // namespace carpool::inline v0_1

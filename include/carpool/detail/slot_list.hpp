/// A doubly linked list through Slot::previous and Slot::next: what LifoStack, FifoQueue and AffineBag are made of.
#pragma once

#include <carpool/slot.hpp>

#include <cstddef>

namespace carpool::inline v0_1::detail {

/// Links slots that somebody else owns, so it neither allocates nor fails; every operation is O(1).
///
/// Invariant: size_ slots hang between front_ and back_; both are null when, and only when, size_ is 0.
/// Threads: none of its own; the pool's lock guards it.
class SlotList {
 public:
  SlotList() = default;
  SlotList(const SlotList&) = delete;  // a copy would claim the links of slots that are in the original
  SlotList& operator=(const SlotList&) = delete;

  /// The slot must be in no list. It becomes the front.
  void push_front(Slot& slot) noexcept {
    slot.previous = nullptr;
    slot.next = front_;
    (front_ != nullptr ? front_->previous : back_) = &slot;
    front_ = &slot;
    ++size_;
  }

  /// The slot must be in no list. It becomes the back.
  void push_back(Slot& slot) noexcept {
    slot.previous = back_;
    slot.next = nullptr;
    (back_ != nullptr ? back_->next : front_) = &slot;
    back_ = &slot;
    ++size_;
  }

  /// The slot must be in this list. Its links are null afterwards.
  void remove(Slot& slot) noexcept {
    (slot.previous != nullptr ? slot.previous->next : front_) = slot.next;
    (slot.next != nullptr ? slot.next->previous : back_) = slot.previous;
    slot.previous = slot.next = nullptr;
    --size_;
  }

  /// Takes the front out; nullptr when the list is empty.
  [[nodiscard]] Slot* pop_front() noexcept {
    Slot* const slot = front_;
    if (slot != nullptr) remove(*slot);
    return slot;
  }

  /// The front, which stays; nullptr when the list is empty.
  [[nodiscard]] Slot* front() const noexcept { return front_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Slot* front_ = nullptr;
  Slot* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace carpool::inline v0_1::detail

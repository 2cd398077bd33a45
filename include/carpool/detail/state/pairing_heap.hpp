/// An intrusive priority queue: joining, leaving from the middle and taking the first cannot fail.
#pragma once

#include <utility>

namespace carpool::inline v0_1::detail {

/// A pairing heap whose nodes are the elements themselves. Links says where an element has its three pointers, and
/// which of two comes first:
///   static T*& child(T&), next(T&), previous(T&) noexcept;   first child; next sibling; previous sibling or parent
///   static bool goes_before(const T&, const T&) noexcept;
/// It was chosen over a binary heap because it needs no array that could have to grow, and because taking the first and
/// putting it back touches two elements however many there are.
///
/// Cost: push and front O(1); remove O(log n) amortised. Loops, not recursion: the depth does not matter to the stack.
template <class T, class Links>
class PairingHeap {
 public:
  PairingHeap() = default;
  PairingHeap(const PairingHeap&) = delete;  // a copy would claim the links of elements that are in the original
  PairingHeap& operator=(const PairingHeap&) = delete;

  [[nodiscard]] T* front() const noexcept { return root_; }

  /// The element must be in no heap.
  void push(T& element) noexcept {
    Links::previous(element) = Links::next(element) = Links::child(element) = nullptr;
    root_ = root_ == nullptr ? &element : meld(*root_, element);
  }
  /// The element must be in this heap.
  void remove(T& element) noexcept {
    T* const rest = meld_siblings(std::exchange(Links::child(element), nullptr));
    if (&element == root_) {
      root_ = rest;
    } else {
      cut(element);
      if (rest != nullptr) root_ = meld(*root_, *rest);
    }
  }

 private:
  /// Joins two heaps, neither of which has siblings, and returns the root of both.
  static T* meld(T& left, T& right) noexcept {
    T& parent = Links::goes_before(left, right) ? left : right;
    T& child = &parent == &left ? right : left;
    T*& next = Links::next(child);
    next = Links::child(parent);
    if (next != nullptr) Links::previous(*next) = &child;
    Links::previous(child) = &parent;
    Links::child(parent) = &child;
    return &parent;
  }

  /// Takes an element that is not the root, with all below it, out of its family.
  static void cut(T& element) noexcept {
    T& previous = *Links::previous(element);
    T* const next = Links::next(element);
    (Links::child(previous) == &element ? Links::child(previous) : Links::next(previous)) = next;
    if (next != nullptr) Links::previous(*next) = &previous;
    Links::previous(element) = Links::next(element) = nullptr;
  }

  /// Takes one heap off a chain of siblings; the chain then starts at the next.
  static T* take_first(T*& chain) noexcept {
    T* const first = chain;
    if (first != nullptr) {
      chain = Links::next(*first);
      Links::previous(*first) = Links::next(*first) = nullptr;
    }
    return first;
  }

  /// Makes one heap of a chain of siblings: pairs from left to right, then all pairs from right to left. The two passes
  /// are what makes remove O(log n) amortised. Returns nullptr for an empty chain.
  static T* meld_siblings(T* chain) noexcept {
    T* pairs = nullptr;  // linked by next, rightmost pair first
    while (T* const left = take_first(chain)) {
      T* const right = take_first(chain);
      T* const pair = right == nullptr ? left : meld(*left, *right);
      Links::next(*pair) = pairs;
      pairs = pair;
    }
    T* root = take_first(pairs);
    while (T* const pair = take_first(pairs)) root = meld(*root, *pair);
    return root;
  }

  T* root_ = nullptr;  // no siblings: its previous and next are null
};

}  // namespace carpool::inline v0_1::detail

/// An intrusive list whose links are a member of its elements: joining and leaving cannot fail.
#pragma once

#include <utility>

namespace carpool::inline v0_1::detail {

/// An element's links; null and unused while it is in no list.
template <class T>
struct ListHook {
  T* previous = nullptr;
  T* next = nullptr;
};

/// First in, first out. An element is in at most one list per hook; it knows by itself whether it is in one.
template <class T, ListHook<T> T::* hook>
class HookedList {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] T* front() const noexcept { return first_; }
  [[nodiscard]] T* back() const noexcept { return last_; }
  [[nodiscard]] static T* after(const T& element) noexcept { return (element.*hook).next; }
  [[nodiscard]] static T* before(const T& element) noexcept { return (element.*hook).previous; }

  void push_back(T& element) noexcept { insert_after(last_, element); }
  /// Null: at the front.
  void insert_after(T* previous, T& element) noexcept {
    ListHook<T>& links = element.*hook;
    links.previous = previous;
    links.next = previous == nullptr ? first_ : (previous->*hook).next;
    (previous == nullptr ? first_ : (previous->*hook).next) = &element;
    (links.next == nullptr ? last_ : (links.next->*hook).previous) = &element;
  }
  void remove(T& element) noexcept {
    ListHook<T>& links = element.*hook;
    (links.previous == nullptr ? first_ : (links.previous->*hook).next) = links.next;
    (links.next == nullptr ? last_ : (links.next->*hook).previous) = links.previous;
    links = {};
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace carpool::inline v0_1::detail

/// Things that are due at times that change: the next one at once, any other by its own handle.
#pragma once

#include <carpool/time.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// What a DueHeap orders. Only the heap touches it.
struct Due {
  static constexpr std::size_t nowhere = ~std::size_t{0};

  TimePoint at = never;
  std::size_t index = nowhere;  // in the heap
};

/// A binary heap in which each item knows where it is. Only reserve() can fail.
class DueHeap {
 public:
  /// So many items will fit. Throws std::bad_alloc.
  void reserve(std::size_t count) {
    if (count > items_.capacity()) items_.reserve(2 * count);
  }
  /// Moves the item to that time; never: takes it out.
  void set(Due& item, TimePoint at) noexcept {
    if (at == never) return remove(item);
    if (item.index == Due::nowhere) {
      item.index = items_.size();
      items_.push_back(&item);
    }
    item.at = at;
    rise(item.index);
    sink(item.index);
  }
  void remove(Due& item) noexcept {
    const std::size_t index = std::exchange(item.index, Due::nowhere);
    item.at = never;
    if (index == Due::nowhere) return;
    Due* const last = items_.back();
    items_.pop_back();
    if (index == items_.size()) return;
    put(*last, index);
    rise(last->index);
    sink(last->index);
  }
  /// The one that is due first; null: none is.
  [[nodiscard]] Due* first() const noexcept { return items_.empty() ? nullptr : items_.front(); }

 private:
  void put(Due& item, std::size_t index) noexcept {
    items_[index] = &item;
    item.index = index;
  }
  void swap(std::size_t a, std::size_t b) noexcept {
    Due* const other = items_[a];
    put(*items_[b], a);
    put(*other, b);
  }
  void rise(std::size_t index) noexcept {
    for (; index > 0 && items_[index]->at < items_[(index - 1) / 2]->at; index = (index - 1) / 2) {
      swap(index, (index - 1) / 2);
    }
  }
  void sink(std::size_t index) noexcept {
    for (std::size_t child = 2 * index + 1; child < items_.size(); child = 2 * index + 1) {
      if (child + 1 < items_.size() && items_[child + 1]->at < items_[child]->at) ++child;
      if (items_[index]->at <= items_[child]->at) return;
      swap(index, child);
      index = child;
    }
  }

  std::vector<Due*> items_;
};

}  // namespace carpool::inline v0_1::detail

/// Where a pool's slots lie: they never move in memory, and there are no more of them than were once needed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace carpool::inline v0_1::detail {

/// In blocks of as many as there are already, from 4 up to 32. A deque would make blocks of two, and take 20 to 50
/// bytes more for each slot.
template <class PoolSlot>
class SlotStorage {
  struct Block {
    PoolSlot* first;
    std::size_t used;
    std::size_t size;
  };

 public:
  /// From the oldest to the newest.
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = PoolSlot;

    Iterator() noexcept = default;
    explicit Iterator(const Block* block) noexcept : block_(block) {}
    [[nodiscard]] PoolSlot& operator*() const noexcept { return block_->first[index_]; }
    Iterator& operator++() noexcept {
      if (++index_ == block_->used) ++block_, index_ = 0;
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] bool operator==(const Iterator&) const noexcept = default;

   private:
    const Block* block_ = nullptr;
    std::size_t index_ = 0;
  };

  SlotStorage() noexcept = default;
  SlotStorage(const SlotStorage&) = delete;
  SlotStorage& operator=(const SlotStorage&) = delete;
  ~SlotStorage() {
    for (const Block& block : blocks_) {
      std::destroy_n(block.first, block.used);
      allocator_.deallocate(block.first, block.size);
    }
  }

  /// Throws std::bad_alloc, with nothing changed.
  template <class Arg>
  [[nodiscard]] PoolSlot& make(Arg& arg) {
    if (blocks_.empty() || blocks_.back().used == blocks_.back().size) add_block();
    Block& block = blocks_.back();
    PoolSlot* const made = std::construct_at(block.first + block.used, arg);
    ++block.used;
    ++size_;
    return *made;
  }

  [[nodiscard]] Iterator begin() const noexcept { return Iterator(blocks_.data()); }
  /// Only the last block can be without a slot, and only while make() is under way.
  [[nodiscard]] Iterator end() const noexcept { return Iterator(blocks_.data() + blocks_.size()); }

 private:
  void add_block() {
    const std::size_t size = std::clamp<std::size_t>(size_, 4, 32);
    blocks_.push_back({nullptr, 0, 0});
    try {
      blocks_.back().first = allocator_.allocate(size);
    } catch (...) {
      blocks_.pop_back();
      throw;
    }
    blocks_.back().size = size;
  }

  std::vector<Block> blocks_;
  std::size_t size_ = 0;
  [[no_unique_address]] std::allocator<PoolSlot> allocator_;
};

}  // namespace carpool::inline v0_1::detail

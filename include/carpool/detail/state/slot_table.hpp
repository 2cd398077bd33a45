/// Who has which slot: the counts behind max_size, changed through one door.
#pragma once

#include <carpool/detail/state/pool_slot.hpp>
#include <carpool/detail/state/slot_storage.hpp>

#include <array>
#include <cassert>

namespace carpool::inline v0_1::detail {

/// Invariant: count(s) slots are in state s, and occupied() is the sum of all but the empty ones.
/// Everything here happens under the pool's lock.
template <class Types>
class SlotTable {
 public:
  using PoolSlot = detail::PoolSlot<Types>;

  /// Each slot is given back to `owner`.
  explicit SlotTable(SlotOwner& owner) : owner_(owner) {}

  [[nodiscard]] std::size_t count(SlotState state) const noexcept { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] std::size_t occupied() const noexcept { return occupied_; }
  /// How many there will be when what is being closed is gone.
  [[nodiscard]] std::size_t lasting() const noexcept { return occupied_ - count(SlotState::closing); }
  /// A connection in the worker cache is among them.
  [[nodiscard]] std::size_t in_use() const noexcept { return count(SlotState::leased) + count(SlotState::refreshing); }

  /// empty -> connecting. Grows where no slot is empty, so the caller has checked occupied() against max_size.
  /// Throws std::bad_alloc, with nothing changed.
  [[nodiscard]] PoolSlot& reserve() {
    if (free_.empty()) {
      PoolSlot& made = storage_.make(owner_);
      made.older = newest_.get();
      newest_.set(&made);
      free_.push(made);
      ++count_of(SlotState::empty);
    }
    PoolSlot& slot = *free_.pop();
    advance(slot, SlotEvent::reserved);
    return slot;
  }

  /// The only door between the states. Only reserve() may say `reserved`. Inline, because then each event costs what it
  /// alone needs: the fast path has two.
  [[gnu::always_inline]] void advance(PoolSlot& slot, SlotEvent event) noexcept {
    assert(next(slot.state, event).has_value());
    const SlotState to = state_after(event);
    --count_of(slot.state);
    ++count_of(to);
    slot.state = to;
    if (event == SlotEvent::reserved) ++occupied_;
    if (to != SlotState::empty) return;
    --occupied_;
    free_.push(slot);
  }

  [[nodiscard]] auto begin() noexcept { return storage_.begin(); }
  [[nodiscard]] auto end() noexcept { return storage_.end(); }

  /// Of all slots, one by one by their `older`: what may be read also while the table grows, because a slot is whole,
  /// and never moves again, before it is the newest. For a forked child, where the thread that made it grow is missing.
  [[nodiscard]] PoolSlot* newest() const noexcept { return newest_.get(); }

 private:
  std::size_t& count_of(SlotState state) noexcept { return counts_[static_cast<std::size_t>(state)]; }

  SlotOwner& owner_;
  SlotStorage<PoolSlot> storage_;
  Relaxed<typename Types::Backend, PoolSlot*> newest_;
  SlotFifo<Types> free_;
  std::array<std::size_t, slot_state_count> counts_{};
  std::size_t occupied_ = 0;
};

}  // namespace carpool::inline v0_1::detail

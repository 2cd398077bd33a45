/// Who has which place: the counts behind max_size, changed through one door.
#pragma once

#include <carpool/detail/place.hpp>

#include <array>
#include <cassert>
#include <deque>

namespace carpool::detail {

/// Invariant: count(s) places are in state s, and occupied() is the sum of all but the empty ones.
/// Everything here happens under the pool's lock.
template <class Types>
class Ledger {
 public:
  using Place = detail::Place<Types>;

  [[nodiscard]] std::size_t count(PlaceState state) const noexcept { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] std::size_t occupied() const noexcept { return occupied_; }

  /// empty -> connecting. Grows where no place is empty, so the caller has checked occupied() against max_size.
  /// Throws std::bad_alloc, with nothing changed.
  [[nodiscard]] Place& reserve(PoolCore<Types>& core) {
    if (free_.empty()) {
      Place& made = places_.emplace_back(core);
      made.older = newest_.get();
      newest_.set(&made);
      free_.push(made);
      ++count_of(PlaceState::empty);
    }
    Place& place = *free_.pop();
    change(place, PlaceState::connecting);
    ++occupied_;
    return place;
  }

  void move(Place& place, PlaceState to) noexcept {
    assert(place.state != PlaceState::empty && place.state != to);
    change(place, to);
    if (to != PlaceState::empty) return;
    --occupied_;
    free_.push(place);
  }

  [[nodiscard]] auto begin() noexcept { return places_.begin(); }
  [[nodiscard]] auto end() noexcept { return places_.end(); }

  /// Of all places, one by one by their `older`: what may be read also while the deque grows, because a place is whole,
  /// and never moves again, before it is the newest. For a forked child, where the thread that made it grow is missing.
  [[nodiscard]] Place* newest() const noexcept { return newest_.get(); }

 private:
  std::size_t& count_of(PlaceState state) noexcept { return counts_[static_cast<std::size_t>(state)]; }
  void change(Place& place, PlaceState to) noexcept {
    --count_of(place.state);
    ++count_of(to);
    place.state = to;
  }

  std::deque<Place> places_;  // a deque: places never move in memory, and grow only on demand
  Relaxed<typename Types::Backend, Place*> newest_;
  PlaceList<Types> free_;
  std::array<std::size_t, place_state_count> counts_{};
  std::size_t occupied_ = 0;
};

}  // namespace carpool::detail

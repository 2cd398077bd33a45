/// The part of the books that knows of seats: when they open, and that they close before anybody else reads on.
#pragma once

#include <carpool/detail/seats.hpp>
#include <carpool/detail/state/inventory.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::detail {

/// All under the pool's lock.
template <class Types>
class SeatBooks : public Inventory<Types> {
 public:
  using typename Inventory<Types>::PoolSlot;
  using Seats = detail::Seats<Types>;
  using Seat = detail::Seat<Types>;

  SeatBooks(const PoolOptions& options, Seats& seats, bool may_seat)
      : Inventory<Types>(options), seats_(seats), may_seat_(may_seat) {}

  /// From here on the books say what is: seats are closed, and what rested there is idle.
  void gather() noexcept {
    if constexpr (Types::seating != Seating::none) {
      calm_returns_ = 0;
      if (seats_.permit() == 0) return;
      seats_.close([&](PoolSlot& slot) { this->put_idle(slot); });
      calm_before_opening_ = std::min(2 * calm_before_opening_, most_calm_before_opening);
    }
  }
  /// What became of a connection whose seat was closed meanwhile: whether it is still its owner's.
  [[nodiscard]] bool settle(Seat& seat, const typename Seat::Grip& grip) noexcept { return seat.settle(grip); }

  /// The counters, and how many slots are in which state; what rests in a seat is idle.
  [[nodiscard]] PoolStats count_slots() const noexcept {
    const auto count = [this](SlotState state) { return this->slots_.count(state); };
    const std::size_t seated = seats_.resting();
    PoolStats all = this->counters;
    all.acquired += seats_.served();
    all.connecting = count(SlotState::connecting);
    all.idle = count(SlotState::idle) + seated;
    all.in_use = count(SlotState::in_use) - seated;
    all.closing = count(SlotState::closing);
    return all;
  }

 protected:
  /// A queue that says in which order connections go must have them all: but for the one that its sole worker left
  /// last.
  void make_way_for([[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::seating == Seating::sole_worker) {
      if (seats_.permit() == 0) return;
      if (worker != sole_worker_) return gather();
      PoolSlot* const last = seats_.of(worker)->take_uncontended();
      if (last != nullptr) this->put_idle(*last);
    }
  }
  /// A connection has come back and nothing else was going on. Closing seats costs a heavy barrier: so they open after
  /// a while of calm, which is the longer the oftener they had to be closed.
  void note_calm([[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::seating != Seating::none) {
      if (!may_seat_) return;
      constexpr bool sole = Types::seating == Seating::sole_worker;
      if (sole && std::exchange(sole_worker_, worker) != worker) calm_returns_ = 0;
      if (seats_.permit() != 0) return sole ? void() : seats_.admit(worker);
      if (++calm_returns_ < calm_before_opening_) return;
      if (!sole) seats_.open_for_all();
      if (sole) seats_.open_for(worker);
    }
  }

  Seats& seats_;

 private:
  static constexpr unsigned most_calm_before_opening = 1024;

  const bool may_seat_;
  unsigned calm_returns_ = 0;  // since the books were last asked for the truth, by one worker where a sole one counts
  unsigned calm_before_opening_ = 1;
  WorkerId sole_worker_ = 0;  // who gave back last
};

}  // namespace carpool::detail

/// A pool's seats: one for each of the workers that come again and again.
#pragma once

#include <carpool/detail/seat.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace carpool::detail {

/// Seats are never taken away from a worker, because it might be about to use its own. Who comes when all are
/// given away does without: only speed is lost.
template <class Types>
class Seats {
  using Backend = typename Types::Backend;
  template <class T>
  using Atomic = typename Backend::template Atomic<T>;

 public:
  using PoolSlot = detail::PoolSlot<Types>;
  using Seat = detail::Seat<Types>;

  /// Whether it is worth to look for one's seat: perhaps a moment late. Without the lock.
  [[nodiscard]] bool open() const noexcept { return open_.load(std::memory_order_relaxed); }
  /// The worker's own seat, if it has one. Without the lock.
  [[nodiscard]] Seat* of(WorkerId worker) noexcept {
    if constexpr (count == 0) {
      return nullptr;
    } else {
      Seat& first = seats_[first_for(worker)];
      if (first.belongs_to(worker)) [[likely]]
        return &first;
      return find(worker, worker);
    }
  }

  /// The seat that a permit, which is not 0, is for. Without the lock.
  [[nodiscard]] Seat& under(Permit permit) noexcept { return seats_[permit % count]; }

  // --- under the lock ----------------------------------------------------------------------------------

  /// Not 0: seats are open.
  [[nodiscard]] Permit permit() const noexcept { return permit_; }
  /// Under which the worker may put into its seat what it is lent now; 0: it must not.
  [[nodiscard]] Permit permit_for(WorkerId worker) noexcept {
    const Seat* const seat = permit_ == 0 ? nullptr : of(worker);
    return seat == nullptr ? 0 : permit_for(*seat, permit_);
  }

  /// For one worker, which gets a seat if it has none and there is one, or for all that have one.
  void open_for(WorkerId worker) noexcept {
    Seat* const seat = seat_for(worker);
    if (seat == nullptr) return;
    begin_permit();
    open(*seat);
  }
  void open_for_all() noexcept {
    begin_permit();
    for (Seat* const seat : given()) open(*seat);
  }
  /// One more while seats are open.
  void admit(WorkerId worker) noexcept {
    if (Seat* const seat = seat_for(worker)) open(*seat);
  }

  /// Closes all, and gives what rested there to `take`.
  template <class Take>
  void close(Take take) noexcept {
    for (Seat* const seat : given()) seat->close();
    Backend::heavy_barrier();
    const Permit ended = std::exchange(permit_, 0);
    open_.store(false, std::memory_order_relaxed);
    for (Seat* const seat : given()) {
      if (PoolSlot* const slot = seat->recall(permit_for(*seat, ended))) take(*slot);
    }
  }

  /// How many connections rest here: perhaps a moment late.
  [[nodiscard]] std::size_t resting() const noexcept {
    std::size_t sum = 0;
    for (const Seat* const seat : given()) sum += seat->resting() != nullptr ? 1U : 0U;
    return sum;
  }
  /// How many leases began here: perhaps a moment late.
  [[nodiscard]] std::uint64_t served() const noexcept {
    std::uint64_t sum = 0;
    for (const Seat* const seat : given()) sum += seat->served();
    return sum;
  }
  /// Some worker is still at its seat.
  [[nodiscard]] bool busy() const noexcept {
    return std::any_of(given().begin(), given().end(), [](const Seat* seat) { return seat->busy(); });
  }
  /// Those that have an owner.
  [[nodiscard]] std::span<Seat* const> given() const noexcept { return {given_.data(), given_count_}; }

 private:
  static constexpr unsigned index_bits = 5;
  static constexpr std::size_t count = Types::seating == Seating::none ? 0 : std::size_t{1} << index_bits;

  void begin_permit() noexcept {
    permit_ = ++last_permit_;
    open_.store(true, std::memory_order_relaxed);
  }
  void open(Seat& seat) noexcept { seat.open(permit_for(seat, permit_)); }
  /// A seat's own permit says which seat it is for.
  [[nodiscard]] Permit permit_for(const Seat& seat, Permit permit) const noexcept {
    return permit * count + static_cast<Permit>(&seat - seats_.data());
  }

  /// Worker ids are mostly addresses, alike in their low and high bits: the multiplication mixes all into the top ones.
  [[nodiscard]] static std::size_t first_for(WorkerId worker) noexcept {
    return (std::uint64_t{worker} * 0x9E3779B97F4A7C15u) >> (64 - index_bits);
  }
  /// The worker's seat whose owner that is: itself, or nobody, 0. No seat stands behind a free one, because none
  /// becomes free again: who has none soon finds out.
  [[nodiscard, gnu::noinline]] Seat* find(WorkerId worker, WorkerId wanted) noexcept {
    if constexpr (count > 0) {
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t index = (first_for(worker) + i) % count;
        const WorkerId owner = owners_[index].load(std::memory_order_relaxed);
        if (owner == wanted) return &seats_[index];
        if (owner == 0) break;
      }
    }
    return nullptr;
  }

  /// Its own, or one that nobody has yet.
  [[nodiscard]] Seat* seat_for(WorkerId worker) noexcept {
    Seat* const own = of(worker);
    return own != nullptr ? own : give_one_to(worker);
  }
  [[nodiscard]] Seat* give_one_to(WorkerId worker) noexcept {
    Seat* const seat = find(worker, 0);
    if (seat == nullptr) return nullptr;
    seat->give_to(worker);
    owners_[static_cast<std::size_t>(seat - seats_.data())].store(worker, std::memory_order_relaxed);
    given_[given_count_++] = seat;
    return seat;
  }

  std::array<Seat, count> seats_{};
  // Each seat's, side by side: whoever looks for its own reads lines that hardly ever change.
  alignas(64) std::array<Atomic<WorkerId>, count> owners_{};  // written under the lock, once; 0: nobody's yet
  std::array<Seat*, count> given_{};                          // under the lock
  std::size_t given_count_ = 0;                               // under the lock
  Atomic<bool> open_{false};                                  // written under the lock
  Permit permit_ = 0;                                         // under the lock
  Permit last_permit_ = 0;                                    // under the lock
};

}  // namespace carpool::detail

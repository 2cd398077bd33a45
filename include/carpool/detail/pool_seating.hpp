/// Where a lease begins and ends: in the worker's own seat, without the pool's lock, or else in the books.
#pragma once

#include <carpool/detail/pool_engine.hpp>

#include <optional>

namespace carpool::detail {

template <class Types>
class PoolSeating : public PoolEngine<Types> {
  using Engine = PoolEngine<Types>;

 public:
  using Engine::Engine;
  using typename Engine::Access;
  using typename Engine::PoolSlot;
  using typename Engine::Target;
  using typename Engine::Wakeups;

 protected:
  /// What this worker gave back last, if it still rests in its seat and is for this target.
  [[nodiscard, gnu::always_inline]] PoolSlot* take_seated([[maybe_unused]] const Target& target,
                                                          [[maybe_unused]] const SourceLocation& site,
                                                          [[maybe_unused]] TimePoint now) {
    if constexpr (Types::seating == Seating::none) {
      return nullptr;
    } else {
      if (!this->seats().open()) return nullptr;
      const WorkerId worker = Types::this_worker();
      auto* const seat = this->seats().of(worker);
      if (seat == nullptr) return nullptr;
      const auto grip = seat->take();
      if (grip.slot == nullptr || (!grip.certain && !settle(*seat, grip))) return nullptr;
      if (!keep_if_for(target, *grip.slot)) return nullptr;
      seat->count_lease();
      grip.slot->last_worker = worker;
      grip.slot->lease.begin(site, now);
      return grip.slot;
    }
  }

  /// False: the connection is still the caller's. True: perhaps the end of *this.
  [[nodiscard, gnu::always_inline]] bool put_seated([[maybe_unused]] PoolSlot& slot) noexcept {
    if constexpr (Types::seating == Seating::none) {
      return false;
    } else {
      if (slot.permit == 0) return false;
      auto& seat = this->seats().under(slot.permit);
      if (!seat.belongs_to(Types::this_worker())) return false;
      const auto grip = seat.put(slot);
      return grip.slot != nullptr && (grip.certain || !settle(seat, grip));
    }
  }

  [[gnu::noinline]] void give_back_to_books(PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    auto state = this->peek();
    if (!fault && !slot.dirty && state->keep_quietly(slot)) [[likely]]
      return;
    state->gather();
    settle_return(state, slot, fault);
  }
  void settle_return(Access& state, PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    if (state->orphaned()) return close_after_owner(state, slot, fault);
    Wakeups wakeups;
    this->return_slot(state, slot, fault, wakeups);
    state.unlock();
    this->run_closes_inline();
  }

 private:
  /// Out of line, as is all that a lease seldom needs: so the rest does with few registers.
  [[gnu::noinline]] bool settle(Seat<Types>& seat, const typename Seat<Types>::Grip& grip) noexcept {
    return this->peek()->settle(seat, grip);
  }

  /// What rested here may be for another target than the worker asks for this time: then it goes to the books, and
  /// seats close for a while, because workers whose targets change have nothing of them. Throws what the targets' ==
  /// throws.
  [[nodiscard]] bool keep_if_for([[maybe_unused]] const Target& target, [[maybe_unused]] PoolSlot& slot) {
    if constexpr (has_target<typename Types::Connector>) {
      try {
        if (*slot.endpoint->target == target) return true;
      } catch (...) {
        leave_seat(slot);
        throw;
      }
      leave_seat(slot);
      return false;
    }
    return true;
  }
  [[gnu::noinline]] void leave_seat(PoolSlot& slot) noexcept {
    auto state = this->access();
    settle_return(state, slot, std::nullopt);
  }

  /// A lease that outlived its pool: no helper is left, and nothing of the user's may be called.
  void close_after_owner(Access& state, PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    slot.reason = fault.value_or(CloseReason::closed);
    state.unlock();
    this->destroy_connection(slot);
    state.lock();
    Wakeups wakeups;
    this->finish_close(state, slot, wakeups);
    this->depart_if_forsaken(state);
  }
};

}  // namespace carpool::detail

/// The fastest path: what a worker gave back last, taken from its seat and put there again, without the pool's lock.
#pragma once

#include <carpool/detail/pool_engine.hpp>

namespace carpool::detail {

template <class Types>
class PoolSeating : public PoolEngine<Types> {
 public:
  using PoolEngine<Types>::PoolEngine;
  using typename PoolEngine<Types>::Place;

 protected:
  /// What this worker gave back last, if it still rests in its seat.
  [[nodiscard, gnu::always_inline]] Place* take_seated([[maybe_unused]] const SourceLocation& site,
                                                       [[maybe_unused]] TimePoint now) noexcept {
    if constexpr (Types::seating == Seating::none) {
      return nullptr;
    } else {
      const WorkerId worker = Types::this_worker();
      auto* const seat = this->seats().of(worker);
      if (seat == nullptr) return nullptr;
      const auto grip = seat->take();
      if (grip.place == nullptr || (!grip.certain && !this->peek()->settle(*seat, grip))) return nullptr;
      grip.place->last_worker = worker;
      grip.place->lease.begin(site, now);
      return grip.place;
    }
  }

  /// False: the connection is still the caller's. True: perhaps the end of *this.
  [[nodiscard, gnu::always_inline]] bool put_seated([[maybe_unused]] Place& place) noexcept {
    if constexpr (Types::seating == Seating::none) {
      return false;
    } else {
      auto* const seat = this->seats().of(Types::this_worker());
      if (seat == nullptr) return false;
      const auto grip = seat->put(place);
      return grip.place != nullptr && (grip.certain || !this->peek()->settle(*seat, grip));
    }
  }
};

}  // namespace carpool::detail

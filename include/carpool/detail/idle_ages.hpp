/// The idle connections of all endpoints, by how long they have been idle: which to close where another needs room.
#pragma once

#include <carpool/detail/endpoints.hpp>
#include <carpool/detail/hooked_list.hpp>
#include <carpool/detail/place.hpp>

namespace carpool::detail {

/// All under the pool's lock. Empty where there is one endpoint: there nobody makes room for another.
template <class Types>
class IdleAges {
  static constexpr bool kept = has_target<typename Types::Connector>;

 public:
  using Place = detail::Place<Types>;

  void insert(Place& place) noexcept {
    if constexpr (kept) {
      Place* younger = ages_.back();  // mostly there is none: what comes back last has been idle shortest
      while (younger != nullptr && younger->idle_since > place.idle_since) younger = Ages::before(*younger);
      ages_.insert_after(younger, place);
    }
  }
  void remove(Place& place) noexcept {
    if constexpr (kept) ages_.remove(place);
  }

  /// What has been idle longest and is not needed by those who wait at its own endpoint, or nullptr.
  [[nodiscard]] Place* oldest_unneeded() noexcept {
    if constexpr (kept) {
      for (Place* place = ages_.front(); place != nullptr; place = Ages::after(*place)) {
        if (place->endpoint->idle.size() > place->endpoint->line.size()) return place;
      }
    }
    return nullptr;
  }

 private:
  using Ages = HookedList<Place, &Place::age_hook>;

  Ages ages_;
};

}  // namespace carpool::detail

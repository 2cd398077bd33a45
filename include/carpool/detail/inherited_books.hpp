/// What a forked child does with its parent's connections.
#pragma once

#include <carpool/detail/ledger.hpp>
#include <carpool/detail/seats.hpp>

namespace carpool::detail {

/// The books of the parent, whose lock may be held by a thread that does not exist here: they are read and left as they
/// are.
template <class Types>
class InheritedBooks {
 public:
  using Calls = typename Types::Calls;
  using Connector = typename Types::Connector;
  using Place = detail::Place<Types>;

  /// Idle connections are closed without a word. So are the descriptors of those that missing threads had in use: these
  /// may have been changing the connections, which are left alone. Leases of the thread that forked are left to it.
  static void abandon(const Ledger<Types>& ledger, const Seats<Types>& seats, const Connector& connector) noexcept {
    for (Place* place = ledger.newest(); place != nullptr; place = place->older) {
      if (place->state == PlaceState::idle) Calls::abandon(connector, *place->connection);
      if (place->state == PlaceState::in_use && is_elsewhere(*place)) Calls::mute(*place->connection);
    }
    for (const auto* const seat : seats.given()) {
      if (Place* const place = seat->resting()) Calls::abandon(connector, *place->connection);
    }
  }

 private:
  /// With another thread, or with the pool itself. Where the queue does not care who has what, nobody knows.
  [[nodiscard]] static bool is_elsewhere(const Place& place) noexcept {
    if (!place.connection) return false;
    return place.lease.lent() || (place.last_worker != 0 && place.last_worker != Types::this_worker());
  }
};

}  // namespace carpool::detail

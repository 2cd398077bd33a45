/// What a forked child does with its parent's connections.
#pragma once

#include <carpool/detail/cache/worker_cache.hpp>
#include <carpool/detail/state/slot_table.hpp>

namespace carpool::inline v0_1::detail {

/// The state of the parent, whose lock may be held by a thread that does not exist here: it is read and left as it is.
template <class Types>
class InheritedState {
 public:
  using Calls = typename Types::Calls;
  using Connector = typename Types::Connector;
  using PoolSlot = detail::PoolSlot<Types>;

  /// Idle connections are closed without a word. So are the descriptors of those that missing threads had in use: these
  /// may have been changing the connections, which are left alone. Leases of the thread that forked are left to it.
  static void abandon(const SlotTable<Types>& slots, const WorkerCache<Types>& cache,
                      const Connector& connector) noexcept {
    for (PoolSlot* slot = slots.newest(); slot != nullptr; slot = slot->older) {
      if (slot->state == SlotState::idle) Calls::abandon(connector, *slot->connection);
      if (is_in_use(slot->state) && is_elsewhere(*slot)) Calls::mute(*slot->connection);
    }
    for (const auto* const entry : cache.assigned()) {
      if (PoolSlot* const slot = entry->cached()) Calls::abandon(connector, *slot->connection);
    }
  }

 private:
  /// With another thread, or with the pool itself. Where the queue does not care who has what, nobody knows.
  [[nodiscard]] static bool is_elsewhere(const PoolSlot& slot) noexcept {
    if (!slot.connection) return false;
    return slot.state == SlotState::refreshing || (slot.last_worker != 0 && slot.last_worker != Types::this_worker());
  }
};

}  // namespace carpool::inline v0_1::detail

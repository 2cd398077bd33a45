/// The idle connections of all endpoints, by how long they have been idle: which to close where another needs room.
#pragma once

#include <carpool/detail/state/endpoints.hpp>
#include <carpool/detail/state/hooked_list.hpp>
#include <carpool/detail/state/pool_slot.hpp>

namespace carpool::inline v0_1::detail {

template <class PoolSlot, bool kept>
struct AgeList {
  using type = HookedList<PoolSlot, &PoolSlot::age_hook>;
};
template <class PoolSlot>
struct AgeList<PoolSlot, false> {
  using type = NoHook;
};

/// All under the pool's lock. Empty where there is one endpoint: there nobody makes room for another.
template <class Types>
class IdleAges {
  static constexpr bool kept = KeepsIdleAges<Types>;

 public:
  using PoolSlot = detail::PoolSlot<Types>;

  void insert(PoolSlot& slot) noexcept {
    if constexpr (kept) {
      PoolSlot* younger = ages_.back();  // mostly there is none: what comes back last has been idle shortest
      while (younger != nullptr && younger->idle_since > slot.idle_since) younger = Ages::before(*younger);
      ages_.insert_after(younger, slot);
    }
  }
  void remove(PoolSlot& slot) noexcept {
    if constexpr (kept) ages_.remove(slot);
  }

  /// What has been idle longest and is not needed by those who wait at its own endpoint, or nullptr.
  [[nodiscard]] PoolSlot* oldest_unneeded() noexcept {
    if constexpr (kept) {
      for (PoolSlot* slot = ages_.front(); slot != nullptr; slot = Ages::after(*slot)) {
        if (slot->endpoint->idle.size() > slot->endpoint->waiters.size()) return slot;
      }
    }
    return nullptr;
  }

 private:
  using Ages = typename AgeList<PoolSlot, kept>::type;

  [[no_unique_address]] Ages ages_;
};

}  // namespace carpool::inline v0_1::detail

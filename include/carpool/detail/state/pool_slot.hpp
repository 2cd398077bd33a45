/// One of a pool's max_size slots: empty, or the home of one connection through its whole life.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/state/circuit_breaker.hpp>
#include <carpool/detail/state/hooked_list.hpp>
#include <carpool/detail/state/lease_mark.hpp>
#include <carpool/detail/state/observed.hpp>
#include <carpool/detail/state/slot_state.hpp>
#include <carpool/observer.hpp>
#include <carpool/slot.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class Types>
struct Endpoint;
template <class Types>
struct Waiter;

/// To what a lease gives its slot back: the table's user derives from it.
class SlotOwner {
 public:
  SlotOwner() noexcept = default;
  SlotOwner(const SlotOwner&) = delete;
  SlotOwner& operator=(const SlotOwner&) = delete;
};

/// Numbers the times in which the worker cache is open; ascending from 1.
using Epoch = std::uint64_t;

/// Where each worker has a slot of its own, no two share a cache line: two workers would be as slow as one.
template <class Types>
inline constexpr std::size_t slot_alignment = Types::worker_caching == WorkerCaching::per_worker ? 64 : alignof(Slot);

/// Where there is but one endpoint, nobody makes room for another.
template <class Types>
concept KeepsIdleAges = has_target<typename Types::Connector>;
struct NoHook {};
template <class Types, class Element>
using AgeHook = std::conditional_t<KeepsIdleAges<Types>, ListHook<Element>, NoHook>;

/// The state changes under the pool's lock; everything else belongs to whoever owns the slot in that state.
template <class Types>
struct alignas(slot_alignment<Types>) PoolSlot : Slot {
  explicit PoolSlot(SlotOwner& whose) noexcept : owner(&whose) {}

  /// Of a connection that has answered nothing. (After 2^32 - 1 uses it says the contrary, once.)
  static constexpr std::uint32_t no_use = ~std::uint32_t{0};

  SlotOwner* const owner;
  PoolSlot* older = nullptr;            // the SlotTable's
  Endpoint<Types>* endpoint = nullptr;  // null exactly while empty
  std::optional<typename Types::Connection> connection;
  SlotState state = SlotState::empty;
  CloseReason reason = CloseReason::closed;  // why, while closing
  // Under the lock, in one byte:
  bool leak_reported : 1 = false;
  bool probe : 1 = false;     // while connecting: its endpoint was in trouble
  bool retiring : 1 = false;  // its lives_until is a retirement's
  // The owner's, in the next:
  std::uint8_t : 0;
  bool dirty : 1 = false;      // to be reset before it is idle again
  bool asked_for : 1 = false;  // it had an asker when its refresh was queued
  bool is_dead : 1 = false;    // its last ping says so
  std::uint8_t : 0;
  std::uint8_t exceptions = 0;               // in flight when the lease was given; modulo 256, so rather too few
  CircuitBreaker::Round round = 0;           // its endpoint's breaker's when the connect began
  std::uint32_t generation = 0;              // the pool's when the connect began
  std::uint32_t answered_after = no_use;     // it has answered a background worker's ping, or reset, after so many uses
  TimePoint validated_at{};                  // when it was last known to be good
  TimePoint lives_until = never;             // the connector's own limit, or its retirement's
  TimePoint good_until = never;              // not expired before: lives_until, and what the eviction says, if it can
  TimePoint retire_at = TimePoint::min();    // while of an older generation, under the lock: may be used until then
  Epoch epoch = 0;                           // of its lessee's cache entry when it was leased; 0: that was closed
  LeaseMark<typename Types::Backend> lease;  // where and since when
  Waiter<Types>* asker = nullptr;            // while refreshing, under the lock: who waits for this one

  /// A background worker's ping or reset has been answered, and nobody has used the connection since.
  [[nodiscard]] bool answered_since_its_last_use() const noexcept {
    return answered_after == static_cast<std::uint32_t>(this->uses);
  }
  [[no_unique_address]] AgeHook<Types, PoolSlot> age_hook;  // for IdleAges, under the lock
  [[no_unique_address]] Observed<typename Types::Observer> observed;
};

/// Slots in a row, first in first out: intrusive, so that giving back cannot fail. What is in such a list is in no
/// Queue, so the Slot's link serves both.
template <class Types>
class SlotFifo {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void push(PoolSlot<Types>& slot) noexcept {
    slot.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &slot;
    last_ = &slot;
  }
  [[nodiscard]] PoolSlot<Types>* pop() noexcept {
    Slot* const first = first_;
    if (first != nullptr) first_ = std::exchange(first->next, nullptr);
    return static_cast<PoolSlot<Types>*>(first);
  }

 private:
  Slot* first_ = nullptr;
  Slot* last_ = nullptr;  // meaningful while first_ is not null
};

}  // namespace carpool::inline v0_1::detail

/// Where every place is: the moves between states, with what each move entails.
#pragma once

#include <carpool/detail/endpoints.hpp>
#include <carpool/detail/ledger.hpp>
#include <carpool/pool_stats.hpp>

#include <utility>

namespace carpool::detail {

/// All under the pool's lock. A place that moves leaves the list of the state it was in and joins that of the next.
template <class Types>
class PlaceBooks {
 public:
  using Backend = typename Types::Backend;
  using Place = detail::Place<Types>;
  using Endpoint = detail::Endpoint<Types>;

  void put_idle(Place& place) noexcept {
    ledger_.move(place, PlaceState::idle);
    place.endpoint->idle.push(place);
  }
  /// in_use or idle -> closing. Whoever calls has seen to it that somebody will look at the closing list.
  void put_closing(Place& place, CloseReason reason) noexcept {
    if (place.state == PlaceState::idle) place.endpoint->idle.remove(place);
    place.reason = reason;
    ledger_.move(place, PlaceState::closing);
    closing_.push(place);
  }
  /// The pool ends: what was to be pinged or reset is closed as it is.
  void close_refreshing(CloseReason reason) noexcept {
    while (Place* place = refreshing_.pop()) put_closing(*place, reason);
  }
  [[nodiscard]] Place* take_idle(Endpoint& endpoint, const SourceLocation& site, WorkerId worker,
                                 TimePoint now) noexcept {
    Slot* slot = pop(endpoint.idle, worker);
    if (slot == nullptr) return nullptr;
    slot->last_worker = worker;
    auto& place = static_cast<Place&>(*slot);
    ledger_.move(place, PlaceState::in_use);
    place.lease.begin(site, now);
    place.leak_reported = false;
    ++counters.acquired;
    return &place;
  }
  /// An idle one that somebody picked out: it is lent to a refresh job, which no site stands for.
  void lend_to_refresh(Place& place) noexcept {
    place.endpoint->idle.remove(place);
    ledger_.move(place, PlaceState::in_use);
    queue_refresh(place);
  }
  /// in_use already: its lease has ended, or its acquirer has no time to validate it.
  void queue_refresh(Place& place) noexcept {
    place.lease.lend();
    refreshing_.push(place);
  }
  [[nodiscard]] Place& reserve(PoolCore<Types>& core, Endpoint& endpoint) {
    Place& place = ledger_.reserve(core);
    place.endpoint = &endpoint;
    place.generation = generation_;
    place.uses = 0;
    place.answered_after = Place::no_use;
    place.lease.begin(SourceLocation(), Backend::coarse_now());  // nobody's: tells how long it has been connecting
    place.dirty = false;
    ++endpoint.places;
    ++endpoint.connecting;
    return place;
  }
  /// An attempt to connect begins: each has an id of its own.
  void begin_attempt(Place& place) noexcept {
    place.id = ++last_id_;
    ++counters.connects;
  }
  void count_failure() noexcept {
    ++counters.connect_failures;
    count_closed(CloseReason::connect_failed);
  }
  void count_closed(CloseReason reason) noexcept { ++counters.closed_by_reason[static_cast<std::size_t>(reason)]; }
  /// connecting, in_use (detached) or closing -> empty.
  void put_empty(Place& place) noexcept {
    Endpoint& endpoint = *std::exchange(place.endpoint, nullptr);
    if (place.state == PlaceState::connecting) --endpoint.connecting;
    ledger_.move(place, PlaceState::empty);
    --endpoint.places;
    endpoints_.drop_if_unused(endpoint);
  }
  /// The connect has succeeded: the place is its helper's until it is settled.
  void connected(Place& place) noexcept {
    --place.endpoint->connecting;
    ledger_.move(place, PlaceState::in_use);
    place.lease.lend();
  }

  /// Moves every idle connection (that pick chooses) to the closing list; returns how many.
  template <class Pick>
  std::size_t close_idle(CloseReason reason, Pick&& pick) noexcept {
    std::size_t count = 0;
    for (Place& place : ledger_) {
      if (place.state != PlaceState::idle || !pick(place)) continue;
      put_closing(place, reason);
      ++count;
    }
    return count;
  }
  void new_generation() noexcept { ++generation_; }

  [[nodiscard]] Ledger<Types>& ledger() noexcept { return ledger_; }
  [[nodiscard]] Endpoints<Types>& endpoints() noexcept { return endpoints_; }
  [[nodiscard]] PlaceList<Types>& closing() noexcept { return closing_; }
  [[nodiscard]] Place* next_closing() noexcept { return closing_.pop(); }
  [[nodiscard]] PlaceList<Types>& refreshing() noexcept { return refreshing_; }

  PoolStats counters;  // only its counters are kept here; PoolState::snapshot() fills in the rest

 protected:
  [[nodiscard]] bool is_current(const Place& place) const noexcept { return place.generation == generation_; }

  Ledger<Types> ledger_;
  Endpoints<Types> endpoints_;

 private:
  [[nodiscard]] static Slot* pop(typename Types::Queue& queue, [[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::affine) {
      return queue.pop(worker);
    } else {
      return queue.pop();
    }
  }

  PlaceList<Types> closing_;     // closing places: to be said goodbye to and destroyed
  PlaceList<Types> refreshing_;  // in_use places whose ping or reset is due
  std::uint64_t last_id_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace carpool::detail

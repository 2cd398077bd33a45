/// Where every place is: the moves between states, with what each move entails.
#pragma once

#include <carpool/detail/chores.hpp>
#include <carpool/detail/connect_planner.hpp>
#include <carpool/detail/endpoints.hpp>
#include <carpool/detail/idle_ages.hpp>
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

  explicit PlaceBooks(const PoolOptions& options) : planner_(options) {}

  void put_idle(Place& place) noexcept {
    ledger_.move(place, PlaceState::idle);
    place.endpoint->idle.push(place);
    idle_ages_.insert(place);
  }
  /// in_use or idle -> closing. Whoever calls has seen to it that somebody will look at the chores.
  void put_closing(Place& place, CloseReason reason) noexcept {
    if (place.state == PlaceState::idle) leave_idle(place);
    place.reason = reason;
    ledger_.move(place, PlaceState::closing);
    chores_.push_closing(place);
    planner_.update(*place.endpoint);
  }
  /// The pool ends: what was to be pinged or reset is closed as it is.
  void close_refreshing(CloseReason reason) noexcept {
    endpoints_.for_each(
        [&](Endpoint& endpoint) { close_refreshing(endpoint, reason, [](const Place&) { return true; }); });
  }
  /// Those of one endpoint (that pick chooses) whose refresh has not begun.
  template <class Pick>
  void close_refreshing(Endpoint& endpoint, CloseReason reason, Pick&& pick) noexcept {
    PlaceList<Types> kept;
    while (Place* place = chores_.pop_refreshing(endpoint)) {
      if (pick(*place)) {
        put_closing(*place, reason);
      } else {
        kept.push(*place);
      }
    }
    while (Place* place = kept.pop()) chores_.push_refreshing(*place);
  }
  [[nodiscard]] Place* take_idle(Endpoint& endpoint, const SourceLocation& site, WorkerId worker,
                                 TimePoint now) noexcept {
    Slot* slot = pop(endpoint.idle, worker);
    if (slot == nullptr) return nullptr;
    slot->last_worker = worker;
    auto& place = static_cast<Place&>(*slot);
    idle_ages_.remove(place);
    ledger_.move(place, PlaceState::in_use);
    place.lease.begin(site, now);
    place.leak_reported = false;
    ++counters.acquired;
    return &place;
  }
  /// An idle one that somebody picked out: it is lent to a refresh job, which no site stands for.
  void lend_to_refresh(Place& place) noexcept {
    leave_idle(place);
    ledger_.move(place, PlaceState::in_use);
    queue_refresh(place);
    planner_.update(*place.endpoint);
  }
  /// in_use already: its lease has ended, or its acquirer has no time to validate it.
  void queue_refresh(Place& place) noexcept {
    place.lease.lend();
    chores_.push_refreshing(place);
  }
  [[nodiscard]] Place& reserve(PoolCore<Types>& core, Endpoint& endpoint) {
    Place& place = ledger_.reserve(core);
    place.endpoint = &endpoint;
    place.generation = generation_;
    place.round = endpoint.breaker.round();
    place.probe = !endpoint.breaker.healthy();
    place.id = ++last_id_;
    place.uses = 0;
    place.answered_after = Place::no_use;
    place.lease.begin(SourceLocation(), Backend::coarse_now());  // nobody's: tells how long it has been connecting
    place.dirty = false;
    probes_ += place.probe ? 1 : 0;
    ++counters.connects;
    ++endpoint.places;
    ++endpoint.connecting;
    planner_.started(endpoint);
    return place;
  }
  void count_failure() noexcept {
    ++counters.connect_failures;
    count_closed(CloseReason::connect_failed);
  }
  void count_closed(CloseReason reason) noexcept { ++counters.closed_by_reason[static_cast<std::size_t>(reason)]; }
  /// connecting, in_use (detached) or closing -> empty.
  void put_empty(Place& place) noexcept {
    Endpoint& endpoint = *place.endpoint;
    if (place.state == PlaceState::connecting) end_connect(place);
    ledger_.move(place, PlaceState::empty);
    place.endpoint = nullptr;
    --endpoint.places;
    planner_.update(endpoint);
    drop_if_unused(endpoint);
  }
  /// The connect has succeeded: the place is its helper's until it is settled.
  void connected(Place& place) noexcept {
    end_connect(place);
    ledger_.move(place, PlaceState::in_use);
    place.lease.lend();
    planner_.update(*place.endpoint);
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
  /// Connects in flight are nobody's supply from now on.
  void new_generation() noexcept {
    ++generation_;
    endpoints_.for_each([this](Endpoint& endpoint) {
      endpoint.outdated += std::exchange(endpoint.connecting, 0);
      planner_.update(endpoint);
    });
  }
  [[nodiscard]] bool is_current(const Place& place) const noexcept { return place.generation == generation_; }

  void drop_if_unused(Endpoint& endpoint) noexcept {
    if (!endpoint.unused()) return;
    planner_.remove(endpoint);
    endpoints_.drop(endpoint);
  }

  [[nodiscard]] Ledger<Types>& ledger() noexcept { return ledger_; }
  [[nodiscard]] Endpoints<Types>& endpoints() noexcept { return endpoints_; }
  [[nodiscard]] Chores<Types>& chores() noexcept { return chores_; }
  [[nodiscard]] ConnectPlanner<Types>& planner() noexcept { return planner_; }

  PoolStats counters;  // only its counters are kept here; PoolState::snapshot() fills in the rest

 protected:
  Ledger<Types> ledger_;
  Endpoints<Types> endpoints_;
  Chores<Types> chores_;
  ConnectPlanner<Types> planner_;
  IdleAges<Types> idle_ages_;
  std::size_t probes_ = 0;  // connects in flight to endpoints in trouble

 private:
  [[nodiscard]] static Slot* pop(typename Types::Queue& queue, [[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::affine) {
      return queue.pop(worker);
    } else {
      return queue.pop();
    }
  }

  void leave_idle(Place& place) noexcept {
    place.endpoint->idle.remove(place);
    idle_ages_.remove(place);
  }
  void end_connect(Place& place) noexcept {
    probes_ -= place.probe ? 1 : 0;
    --(is_current(place) ? place.endpoint->connecting : place.endpoint->outdated);
  }

  std::uint64_t last_id_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace carpool::detail

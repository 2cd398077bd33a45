/// A pool's books: every place, every waiter, every rule about who may have what. Pure bookkeeping under the lock.
#pragma once

#include <carpool/detail/endpoints.hpp>
#include <carpool/detail/ledger.hpp>
#include <carpool/detail/roster.hpp>
#include <carpool/detail/wakeups.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/pool_stats.hpp>

#include <algorithm>

namespace carpool::detail {

/// Reachable only through Guarded::Access, so that each call is made under the lock. Nothing in here waits, does I/O,
/// calls a connector, an eviction or an observer, or destroys a connection.
template <class Types>
class PoolState {
 public:
  using Backend = typename Types::Backend;
  using Target = typename Types::Target;
  using Place = detail::Place<Types>;
  using Endpoint = detail::Endpoint<Types>;
  using Waiter = detail::Waiter<Types>;
  using Wakeups = detail::Wakeups<Backend>;
  using Watcher = Helper<Types>;  // somebody who waits for the pool as a whole (drain, prewarm)

  explicit PoolState(const PoolOptions& options)
      : roster(options.max_connecting), options_(options) {
    resize(options.max_size);
  }

  // --- the fast path -----------------------------------------------------------------------------------

  /// The next idle connection for target, if nothing out of the ordinary is going on.
  [[nodiscard]] Place* take_quietly(const Target& target, const SourceLocation& site, TimePoint now) {
    if (!calm()) return nullptr;
    Endpoint* endpoint = endpoints_.find(target);
    return endpoint == nullptr ? nullptr : take_idle(*endpoint, site, now);
  }

  /// Puts a good connection back to the idle ones, if nothing out of the ordinary is going on.
  [[nodiscard]] bool keep_quietly(Place& place) noexcept {
    if (!calm() || place.generation != generation_ || !has_room_for_idle(*place.endpoint)) return false;
    put_idle(place);
    return true;
  }

  // --- who may have what -------------------------------------------------------------------------------

  /// One idle connection for a caller who is in line or about to be: overtaking is allowed until the first in line
  /// has waited handoff_after (law 8).
  [[nodiscard]] Place* claim(Endpoint& endpoint, Waiter& self, TimePoint now) noexcept {
    if (self.granted != nullptr) return std::exchange(self.granted, nullptr);
    if (!serving()) return nullptr;
    const Waiter* first = endpoint.line.front();
    if (first != nullptr && first != &self && overdue(*first, now)) return nullptr;
    if (self.in_line && endpoint.idle.size() > 0) leave_line(endpoint, self);
    return take_idle(endpoint, self.site, now);
  }

  /// Law 3: as many of the first in line as there are idle connections own one or have been told to look.
  void serve(Endpoint& endpoint, TimePoint now, Wakeups& wakeups) noexcept {
    if (!serving()) return;
    Waiter* waiter = endpoint.line.front();
    for (std::size_t left = endpoint.idle.size(); waiter != nullptr && left > 0; --left) {
      Waiter* following = waiter->next;
      if (overdue(*waiter, now)) {
        leave_line(endpoint, *waiter);
        waiter->granted = take_idle(endpoint, waiter->site, now);
        wakeups.add(waiter->parking.unpark());
      } else if (!waiter->notified) {
        waiter->notified = true;
        wakeups.add(waiter->parking.unpark());
      }
      waiter = following;
    }
  }

  void join_line(Endpoint& endpoint, Waiter& waiter, TimePoint now) noexcept {
    if (waiter.ticket == 0) {
      waiter.ticket = ++last_ticket_;
      waiter.since = now;
    }
    endpoint.line.insert(waiter);
    ++waiting_;
  }
  void leave_line(Endpoint& endpoint, Waiter& waiter) noexcept {
    endpoint.line.remove(waiter);
    --waiting_;
  }

  /// Everybody in line goes, with failure (or, where it is null, to find the pool closed).
  void dismiss_line(Endpoint& endpoint, const FailurePointer& failure, Wakeups& wakeups) noexcept {
    while (Waiter* waiter = endpoint.line.front()) {
      leave_line(endpoint, *waiter);
      waiter->failure = failure;
      wakeups.add(waiter->parking.unpark());
    }
  }

  // --- places ------------------------------------------------------------------------------------------

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
  [[nodiscard]] Place* take_idle(Endpoint& endpoint, const SourceLocation& site, TimePoint now) noexcept {
    Slot* slot = pop(endpoint.idle);
    if (slot == nullptr) return nullptr;
    auto& place = static_cast<Place&>(*slot);
    ledger_.move(place, PlaceState::in_use);
    place.site = site;
    place.acquired_at = now;
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
    place.site = SourceLocation();
    refreshing_.push(place);
  }
  [[nodiscard]] Place& reserve(PoolCore<Types>& core, Endpoint& endpoint) {
    Place& place = ledger_.reserve(core);
    place.endpoint = &endpoint;
    place.generation = generation_;
    place.id = ++last_id_;
    place.uses = 0;
    ++endpoint.places;
    ++endpoint.connecting;
    return place;
  }
  /// connecting, in_use (detached) or closing -> empty.
  void put_empty(Place& place) noexcept {
    Endpoint& endpoint = *std::exchange(place.endpoint, nullptr);
    if (place.state == PlaceState::connecting) --endpoint.connecting;
    ledger_.move(place, PlaceState::empty);
    --endpoint.places;
    endpoints_.drop_if_unused(endpoint);
  }
  /// Why a connection that comes back, or has just been made, cannot stay: what the pool as a whole knows.
  [[nodiscard]] std::optional<CloseReason> unwanted(const Place& place) const noexcept {
    if (closed_) return CloseReason::closed;
    if (draining_) return CloseReason::drained;
    if (place.generation != generation_) return CloseReason::retired;
    if (ledger_.occupied() > max_size_ || !has_room_for_idle(*place.endpoint)) return CloseReason::surplus;
    return std::nullopt;
  }

  // --- connects ----------------------------------------------------------------------------------------

  /// The endpoint whose connect should start now, the one whose first waiter has waited longest; null if none.
  [[nodiscard]] Endpoint* next_to_connect(TimePoint now) noexcept {
    if (!serving() || ledger_.count(PlaceState::connecting) >= options_.max_connecting) return nullptr;
    if (waiting_ + wanted_idle_ == 0) return nullptr;
    Endpoint* best = nullptr;
    endpoints_.for_each([&](Endpoint& endpoint) {
      if (may_connect(endpoint, now) && (best == nullptr || before(endpoint, *best))) best = &endpoint;
    });
    return best;
  }
  [[nodiscard]] bool has_free_place() const noexcept { return ledger_.occupied() < max_size_; }

  /// The idle connection of another endpoint that has been idle longest and that nobody there waits for.
  [[nodiscard]] Place* least_needed_elsewhere(const Endpoint& endpoint) noexcept {
    if constexpr (!has_target<typename Types::Connector>) {
      return nullptr;
    } else {
      Place* least = nullptr;
      for (Place& place : ledger_) {
        if (place.state != PlaceState::idle || place.endpoint == &endpoint || !place.endpoint->line.empty()) continue;
        if (least == nullptr || place.idle_since < least->idle_since) least = &place;
      }
      return least;
    }
  }
  /// Law 15: while the breaker is open nobody waits for a connect that may not start.
  [[nodiscard]] bool hopeless(Endpoint& endpoint, TimePoint now) noexcept {
    return endpoint.breaker.open(now) && endpoint.connecting == 0 && endpoint.idle.size() == 0 &&
           (has_free_place() || least_needed_elsewhere(endpoint) != nullptr);
  }
  /// The connect has succeeded: the place is its helper's until it is settled.
  void connected(Place& place) noexcept {
    --place.endpoint->connecting;
    ledger_.move(place, PlaceState::in_use);
    place.site = SourceLocation();
    answer(*place.endpoint);
  }
  /// Somebody who does not wait would like one connection more.
  void ask(Endpoint& endpoint) noexcept {
    if (!std::exchange(endpoint.asked, true)) ++wanted_idle_;
  }
  void answer(Endpoint& endpoint) noexcept {
    if (std::exchange(endpoint.asked, false)) --wanted_idle_;
  }
  void want_idle(Endpoint& endpoint, std::size_t count) noexcept {
    wanted_idle_ = wanted_idle_ - endpoint.wanted_idle + count;
    endpoint.wanted_idle = count;
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

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

  [[nodiscard]] bool serving() const noexcept { return !closed_ && !draining_ && !suspended_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool over_size() const noexcept { return ledger_.occupied() - ledger_.count(PlaceState::closing) > max_size_; }
  [[nodiscard]] bool finished() const noexcept { return closed_ || draining_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

  void suspend(bool on) noexcept {
    suspended_ = on;
    recompute_gate();
  }
  void drain() noexcept {
    draining_ = true;
    recompute_gate();
  }
  void close() noexcept {
    closed_ = true;
    recompute_gate();
  }
  void new_generation() noexcept { ++generation_; }
  void resize(std::size_t max_size) noexcept {
    max_size_ = max_size;
    most_idle_ = std::min(max_size, options_.max_idle.value_or(max_size));
  }

  [[nodiscard]] PoolStats snapshot() const noexcept {
    PoolStats all = counters;
    all.max_size = max_size_;
    all.connecting = ledger_.count(PlaceState::connecting);
    all.idle = ledger_.count(PlaceState::idle);
    all.in_use = ledger_.count(PlaceState::in_use);
    all.closing = ledger_.count(PlaceState::closing);
    all.waiting = waiting_;
    all.suspended = suspended_;
    all.closed = finished();
    return all;
  }

  [[nodiscard]] Ledger<Types>& ledger() noexcept { return ledger_; }
  [[nodiscard]] Endpoints<Types>& endpoints() noexcept { return endpoints_; }
  [[nodiscard]] PlaceList<Types>& closing() noexcept { return closing_; }
  [[nodiscard]] Place* next_closing() noexcept { return closing_.pop(); }
  [[nodiscard]] PlaceList<Types>& refreshing() noexcept { return refreshing_; }

  void watch(Watcher& watcher) noexcept { watcher.next = std::exchange(watchers_, &watcher); }
  void unwatch(Watcher& watcher) noexcept {
    Watcher** link = &watchers_;
    while (*link != &watcher) link = &(*link)->next;
    *link = watcher.next;
  }
  void rouse_watchers(Wakeups& wakeups) noexcept {
    for (Watcher* watcher = watchers_; watcher != nullptr; watcher = watcher->next) wakeups.add(watcher->parking.unpark());
  }

  // The books live on after the pool for the leases and callers that are still out.
  void enter() noexcept { ++visitors_; }
  void leave() noexcept { --visitors_; }
  void orphan() noexcept { orphaned_ = true; }
  [[nodiscard]] bool orphaned() const noexcept { return orphaned_; }
  [[nodiscard]] bool forsaken() const noexcept { return orphaned_ && visitors_ == 0 && ledger_.occupied() == 0; }
  [[nodiscard]] bool wants_idle() const noexcept { return wanted_idle_ > 0; }

  Roster<Types> roster;
  PoolStats counters;  // only its counters are kept here; snapshot() fills in the rest

 private:
  [[nodiscard]] bool calm() const noexcept { return gate_closed_ + waiting_ == 0; }
  void recompute_gate() noexcept { gate_closed_ = serving() ? 0 : 1; }

  [[nodiscard]] bool overdue(const Waiter& waiter, TimePoint now) const noexcept {
    return now >= after(waiter.since, options_.handoff_after);
  }
  [[nodiscard]] bool has_room_for_one_more_idle() const noexcept {
    return ledger_.count(PlaceState::idle) + ledger_.count(PlaceState::connecting) < most_idle_;
  }
  [[nodiscard]] bool has_room_for_idle(const Endpoint& endpoint) const noexcept {
    if (!endpoint.line.empty()) return true;  // it will not stay idle
    return ledger_.count(PlaceState::idle) < most_idle_ && ledger_.occupied() <= max_size_;
  }
  [[nodiscard]] bool may_connect(Endpoint& endpoint, TimePoint now) noexcept {
    if (endpoint.missing() == 0) return false;
    const bool somebody_waits = endpoint.line.size() > endpoint.idle.size() + endpoint.connecting;
    if (!somebody_waits && !has_room_for_one_more_idle()) return false;
    if (endpoint.connecting >= endpoint.breaker.limit(now, options_.max_connecting)) return false;
    return has_free_place() || (!endpoint.line.empty() && least_needed_elsewhere(endpoint) != nullptr);
  }
  [[nodiscard]] static bool before(const Endpoint& a, const Endpoint& b) noexcept {
    if (a.line.empty() || b.line.empty()) return !a.line.empty();
    return a.line.front()->ticket < b.line.front()->ticket;
  }
  [[nodiscard]] static Slot* pop(typename Types::Queue& queue) noexcept {
    if constexpr (Types::affine) {
      return queue.pop(Backend::worker());
    } else {
      return queue.pop();
    }
  }

  const PoolOptions& options_;
  Ledger<Types> ledger_;
  Endpoints<Types> endpoints_;
  PlaceList<Types> closing_;      // closing places: to be said goodbye to and destroyed
  PlaceList<Types> refreshing_;   // in_use places whose ping or reset is due
  Watcher* watchers_ = nullptr;
  std::size_t waiting_ = 0;       // in all lines
  std::size_t wanted_idle_ = 0;   // sum over the endpoints, each asked one included
  std::size_t gate_closed_ = 0;   // 0 or 1: not serving(); a number, so that calm() is one test
  std::size_t max_size_ = 0;
  std::size_t most_idle_ = 0;     // max_idle, or max_size if that is less
  std::uint64_t last_ticket_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t generation_ = 0;
  bool closed_ = false;
  bool draining_ = false;
  bool suspended_ = false;
  bool orphaned_ = false;         // the ConnectionPool object is gone
  std::size_t visitors_ = 0;      // callers inside acquire's slow path, drain or prewarm
};

}  // namespace carpool::detail

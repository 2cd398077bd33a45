/// A pool's books: every place, every waiter, every rule about who may have what. Pure bookkeeping under the lock.
#pragma once

#include <carpool/detail/instant.hpp>
#include <carpool/detail/roster.hpp>
#include <carpool/detail/seat_books.hpp>
#include <carpool/detail/wakeups.hpp>
#include <carpool/detail/watchers.hpp>
#include <carpool/pool_options.hpp>

#include <algorithm>

namespace carpool::detail {

/// Reachable only through Guarded::Access, so that each call is made under the lock. Nothing in here waits, does I/O,
/// calls a connector, an eviction or an observer, or destroys a connection.
template <class Types>
class PoolState : public SeatBooks<Types> {
  using Books = SeatBooks<Types>;

 public:
  using typename Books::Backend;
  using typename Books::Endpoint;
  using typename Books::Place;
  using Target = typename Types::Target;
  using Instant = detail::Instant<Backend>;
  using Waiter = detail::Waiter<Types>;
  using Wakeups = detail::Wakeups<Backend>;
  using Books::counters, Books::take_idle;

  PoolState(const PoolOptions& options, Seats<Types>& seats, bool may_seat)
      : Books(seats, may_seat), roster(options.max_connecting), options_(options) {
    resize(options.max_size);
  }

  // --- the fast path -----------------------------------------------------------------------------------

  /// The next idle connection for target, if nothing out of the ordinary is going on.
  [[nodiscard]] Place* take_quietly(const Target& target, const SourceLocation& site, TimePoint now) {
    if (!calm()) return nullptr;
    Endpoint* endpoint = endpoints_.find(target);
    if (endpoint == nullptr) return nullptr;
    const WorkerId worker = Types::this_worker();
    this->make_way_for(worker);
    if (endpoint->idle.size() == 0 && seats_.permit() != 0) this->gather();
    Place* const place = take_idle(*endpoint, site, worker, now);
    if (place != nullptr) place->permit = seats_.permit();
    return place;
  }

  /// Puts a good connection back to the idle ones, if nothing out of the ordinary is going on.
  [[nodiscard]] bool keep_quietly(Place& place) noexcept {
    if (!calm() || !is_current(place) || !has_room_for_idle(*place.endpoint)) return false;
    const WorkerId worker = Types::this_worker();
    this->make_way_for(worker);
    this->put_idle(place);
    if (most_idle_ == max_size_) this->note_calm(worker);  // so there is room for whatever rests in a seat
    return true;
  }

  // --- who may have what -------------------------------------------------------------------------------

  /// One idle connection for a caller who is in line or about to be: overtaking is allowed until the first in line
  /// has waited handoff_after (law 8).
  [[nodiscard]] Place* claim(Endpoint& endpoint, Waiter& self, Instant& now) noexcept {
    if (self.granted != nullptr) return std::exchange(self.granted, nullptr);
    if (!serving()) return nullptr;
    const Waiter* first = endpoint.line.front();
    if (first != nullptr && first != &self && overdue(*first, now)) return nullptr;
    if (self.in_line && endpoint.idle.size() > 0) leave_line(endpoint, self);
    return take_idle(endpoint, self.site, self.worker, Backend::coarse_now());
  }

  /// Law 3: as many of the first in line as there are idle connections own one or have been told to look.
  void serve(Endpoint& endpoint, Instant& now, Wakeups& wakeups) noexcept {
    if (!serving()) return;
    Waiter* waiter = endpoint.line.front();
    for (std::size_t left = endpoint.idle.size(); waiter != nullptr && left > 0; --left) {
      Waiter* following = waiter->next;
      if (overdue(*waiter, now)) {
        leave_line(endpoint, *waiter);
        waiter->granted = take_idle(endpoint, waiter->site, waiter->worker, Backend::coarse_now());
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

  /// Why a connection that comes back, or has just been made, cannot stay: what the pool as a whole knows.
  [[nodiscard]] std::optional<CloseReason> unwanted(const Place& place) const noexcept {
    if (closed()) return CloseReason::closed;
    if ((gate_ & draining_bit) != 0) return CloseReason::drained;
    if (!is_current(place)) return CloseReason::retired;
    if (over_size() || !has_room_for_idle(*place.endpoint)) return CloseReason::surplus;
    return std::nullopt;
  }

  // --- connects ----------------------------------------------------------------------------------------

  /// Whether it is worth looking for one that may start: some endpoint may want it, and max_connecting allows it.
  [[nodiscard]] bool wants_connects() const noexcept {
    return waiting_ + wanted_idle_ > 0 && serving() && ledger_.count(PlaceState::connecting) < options_.max_connecting;
  }
  /// The endpoint whose connect should start now, the one whose first waiter has waited longest; null if none.
  [[nodiscard]] Endpoint* next_to_connect(TimePoint now) noexcept {
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
  /// Somebody who does not wait would like one connection more.
  void ask(Endpoint& endpoint) noexcept {
    if (!std::exchange(endpoint.asked, true)) ++wanted_idle_;
  }
  void answer(Endpoint& endpoint) noexcept {
    if (std::exchange(endpoint.asked, false)) --wanted_idle_;
  }
  /// After its wishes have changed.
  void heed_wishes(Endpoint& endpoint) noexcept {
    wanted_idle_ -= endpoint.wanted_idle;
    endpoint.wanted_idle = std::max(options_.min_idle, endpoint.greatest_wish());
    wanted_idle_ += endpoint.wanted_idle;
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

  [[nodiscard]] bool serving() const noexcept { return gate_ == 0; }
  [[nodiscard]] bool closed() const noexcept { return (gate_ & closed_bit) != 0; }
  [[nodiscard]] bool full() const noexcept { return lasting() >= max_size_; }
  [[nodiscard]] bool over_size() const noexcept { return lasting() > max_size_; }
  [[nodiscard]] bool finished() const noexcept { return (gate_ & (closed_bit | draining_bit)) != 0; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

  void suspend() noexcept { gate_ |= suspended_bit; }
  void resume() noexcept { gate_ &= ~suspended_bit; }
  void drain() noexcept { gate_ |= draining_bit; }
  void close() noexcept { gate_ |= closed_bit; }
  void resize(std::size_t max_size) noexcept {
    max_size_ = max_size;
    most_idle_ = std::min(max_size, options_.max_idle.value_or(max_size));
  }

  [[nodiscard]] PoolStats snapshot() const noexcept {
    PoolStats all = this->count_places();
    all.max_size = max_size_;
    all.waiting = waiting_;
    all.suspended = (gate_ & suspended_bit) != 0;
    all.closed = finished();
    return all;
  }

  // The books live on after the pool for the leases and callers that are still out.
  void enter() noexcept { ++visitors_; }
  void leave() noexcept { --visitors_; }
  void orphan() noexcept { orphaned_ = true; }
  [[nodiscard]] bool orphaned() const noexcept { return orphaned_; }
  [[nodiscard]] bool forsaken() const noexcept { return orphaned_ && visitors_ == 0 && ledger_.occupied() == 0; }

  Roster<Types> roster;
  Watchers<Types> watchers;

 private:
  using Books::endpoints_, Books::is_current, Books::ledger_, Books::seats_;

  /// How many there will be when what is being closed is gone.
  [[nodiscard]] std::size_t lasting() const noexcept { return ledger_.occupied() - ledger_.count(PlaceState::closing); }
  static constexpr std::size_t closed_bit = 1, draining_bit = 2, suspended_bit = 4;

  [[nodiscard]] bool calm() const noexcept { return (gate_ | waiting_) == 0; }

  [[nodiscard]] bool overdue(const Waiter& waiter, Instant& now) const noexcept {
    return options_.handoff_after == Duration::zero() || now.get() >= after(waiter.since, options_.handoff_after);
  }
  [[nodiscard]] bool has_room_for_idle(const Endpoint& endpoint) const noexcept {
    if (!endpoint.line.empty()) return true;  // it will not stay idle
    return ledger_.count(PlaceState::idle) < most_idle_ && !over_size();
  }
  [[nodiscard]] bool may_connect(Endpoint& endpoint, TimePoint now) noexcept {
    if (endpoint.missing() == 0) return false;
    const bool somebody_waits = endpoint.line.size() > endpoint.idle.size() + endpoint.connecting;
    const std::size_t idle_soon = ledger_.count(PlaceState::idle) + ledger_.count(PlaceState::connecting);
    if (!somebody_waits && idle_soon >= most_idle_) return false;
    if (endpoint.connecting >= endpoint.breaker.limit(now, options_.max_connecting)) return false;
    return has_free_place() || (full() && !endpoint.line.empty() && least_needed_elsewhere(endpoint) != nullptr);
  }
  [[nodiscard]] static bool before(const Endpoint& a, const Endpoint& b) noexcept {
    if (a.line.empty() || b.line.empty()) return !a.line.empty();
    return a.line.front()->ticket < b.line.front()->ticket;
  }

  const PoolOptions& options_;
  std::size_t waiting_ = 0;      // in all lines
  std::size_t wanted_idle_ = 0;  // sum over the endpoints, each asked one included
  std::size_t gate_ = 0;  // the bits above, any of which stops serving; as wide as waiting_, so that calm() is one test
  std::size_t max_size_ = 0;
  std::size_t most_idle_ = 0;  // max_idle, or max_size if that is less
  std::uint64_t last_ticket_ = 0;
  bool orphaned_ = false;     // the ConnectionPool object is gone
  std::size_t visitors_ = 0;  // callers inside acquire's slow path, drain or prewarm
};

}  // namespace carpool::detail

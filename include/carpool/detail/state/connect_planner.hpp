/// Which connect should start next: the endpoints that want one, in lists by what holds them back.
#pragma once

#include <carpool/detail/state/demand.hpp>
#include <carpool/detail/state/endpoints.hpp>
#include <carpool/detail/state/hooked_list.hpp>
#include <carpool/detail/state/instant.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace carpool::inline v0_1::detail {

/// What the pool as a whole has to offer to a connect.
struct ConnectRoom {
  bool for_waiters = false;  ///< a slot is free, or one can be made free
  bool for_idle = false;     ///< a slot is free, and one more may be idle
  bool for_probes = false;   ///< endpoints in trouble do not hold too many slots already
};

/// All under the pool's lock. A change that makes an endpoint want more, or lets it have more, must be told by
/// update(); one that makes it want less is noticed by next().
template <class Types>
class ConnectPlanner {
 public:
  using Backend = typename Types::Backend;
  using Endpoint = detail::Endpoint<Types>;
  using Instant = detail::Instant<Backend>;

  explicit ConnectPlanner(const PoolOptions& options) noexcept : options_(options) {}

  /// Where there is but one endpoint, and it is well, it is looked at when a connect is looked for.
  void update(Endpoint& endpoint) noexcept {
    Instant now;
    if (has_target<typename Types::Connector> || !endpoint.breaker.healthy()) sort_in(endpoint, now);
  }
  /// One of its connects has started: the others' turns come first.
  void started(Endpoint& endpoint) noexcept {
    remove(endpoint);
    update(endpoint);
  }
  /// It is about to be dropped.
  void remove(Endpoint& endpoint) noexcept { move(endpoint, ConnectPlan::none); }

  /// An endpoint with waiters, else one whose idle target is not reached; null: none may connect now.
  [[nodiscard]] Endpoint* next(const ConnectRoom& room) noexcept {
    end_pauses();
    if (room.for_waiters) {
      Endpoint* const waited_for = front(ConnectPlan::waited_for);
      Endpoint* const probe = room.for_probes ? front(ConnectPlan::probe) : nullptr;
      if (Endpoint* const first = earlier(waited_for, probe)) return first;
    }
    if (!room.for_idle) return nullptr;
    if (Endpoint* const for_idle = front(ConnectPlan::for_idle)) return for_idle;
    return room.for_probes ? front(ConnectPlan::probe_for_idle) : nullptr;
  }
  /// So many waiters, of all endpoints that may connect, have no supply.
  [[nodiscard]] std::size_t shortage() const noexcept { return shortage_; }

  /// Sorts the endpoint in, as it is now.
  void sort_in(Endpoint& endpoint, Instant& now) noexcept {
    const Demand demand = endpoint.demand(endpoint.breaker.limit(never, options_.max_connecting));
    move(endpoint, plan_for(endpoint, demand, now));
    if (endpoint.plan == ConnectPlan::paused) first_retry_ = std::min(first_retry_, endpoint.breaker.retry_at());
    const bool waited_for = endpoint.plan == ConnectPlan::waited_for || endpoint.plan == ConnectPlan::probe;
    const std::size_t shortage = waited_for ? unsupplied(demand) : 0;
    shortage_ += shortage - endpoint.shortage;  // modulo 2^n where it falls
    endpoint.shortage = shortage;
  }
  /// When the first of those that are paused may have a connect, or earlier; never: none is paused.
  [[nodiscard]] TimePoint first_retry() const noexcept { return first_retry_; }
  template <class Visit>
  void for_each_paused(Visit visit) {
    for_each(ConnectPlan::paused, visit);
  }
  template <class Visit>
  void for_each_wanting_idle(Visit visit) {
    for_each(ConnectPlan::for_idle, visit);
    for_each(ConnectPlan::probe_for_idle, visit);
  }
  /// The one that nobody has wanted for longest, or nullptr.
  [[nodiscard]] Endpoint* first_remembered() noexcept { return list(ConnectPlan::remembered).front(); }

 private:
  using List = HookedList<Endpoint, &Endpoint::plan_hook>;

  [[nodiscard]] List& list(ConnectPlan plan) noexcept { return lists_[static_cast<std::size_t>(plan)]; }
  [[nodiscard]] const List& list(ConnectPlan plan) const noexcept { return lists_[static_cast<std::size_t>(plan)]; }

  [[nodiscard]] ConnectPlan plan_for(const Endpoint& endpoint, const Demand& demand, Instant& now) const noexcept {
    const CircuitBreaker& breaker = endpoint.breaker;
    if (deficit(demand) == 0) {
      return endpoint.abandoned() && !breaker.healthy() ? ConnectPlan::remembered : ConnectPlan::none;
    }
    if (breaker.pausing(now)) return ConnectPlan::paused;
    return plan_of(demand, breaker.healthy(), breaker.proven());
  }
  void move(Endpoint& endpoint, ConnectPlan to) noexcept {
    if (endpoint.plan == to) return;
    if (endpoint.plan != ConnectPlan::none) list(endpoint.plan).remove(endpoint);
    endpoint.plan = to;
    if (to != ConnectPlan::none) list(to).push_back(endpoint);
  }
  /// The first of the list that stands there rightly.
  [[nodiscard]] Endpoint* front(ConnectPlan plan) noexcept {
    for (;;) {
      Endpoint* const first = list(plan).front();
      if (first == nullptr) return nullptr;
      Instant now;
      sort_in(*first, now);
      if (first->plan == plan) return first;
    }
  }
  void end_pauses() noexcept {
    Instant now;
    if (first_retry_ == never || now.get() < first_retry_) return;
    first_retry_ = never;
    for_each(ConnectPlan::paused, [&](Endpoint& endpoint) { sort_in(endpoint, now); });
  }
  /// The visit may move the endpoint to another list.
  template <class Visit>
  void for_each(ConnectPlan plan, Visit visit) const {
    Endpoint* following = nullptr;
    for (Endpoint* endpoint = list(plan).front(); endpoint != nullptr; endpoint = following) {
      following = List::after(*endpoint);
      visit(*endpoint);
    }
  }
  [[nodiscard]] static Endpoint* earlier(Endpoint* one, Endpoint* other) noexcept {
    if (one == nullptr || other == nullptr) return one == nullptr ? other : one;
    return other->waiters.front()->ticket < one->waiters.front()->ticket ? other : one;
  }

  const PoolOptions& options_;
  std::array<List, connect_plan_count> lists_;
  TimePoint first_retry_ = never;
  std::size_t shortage_ = 0;
};

}  // namespace carpool::inline v0_1::detail

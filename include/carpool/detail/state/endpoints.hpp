/// What a pool keeps per target: its idle connections, its waiters, and its trouble. No endpoint's trouble hurts
/// another's.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/state/circuit_breaker.hpp>
#include <carpool/detail/state/demand.hpp>
#include <carpool/detail/state/hooked_list.hpp>
#include <carpool/detail/state/wait_queue.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace carpool::inline v0_1::detail {

/// How many idle connections a prewarm wants, on its stack: counts while it is in its endpoint's list.
struct IdleTarget {
  std::size_t count = 0;
  IdleTarget* next = nullptr;
};

/// All under the pool's lock.
template <class Types>
struct Endpoint {
  typename Types::Queue idle;
  WaitQueue<Types> waiters;
  CircuitBreaker breaker;
  FailurePointer failure;  // of the last attempt that failed since one succeeded, for error texts
  const typename Types::Target* target = nullptr;
  std::size_t slots = 0;               // of any state but empty
  std::size_t connecting = 0;          // of these, reserved for a connect of today's generation
  std::size_t outdated = 0;            // of these, reserved for a connect of an older one: nobody's supply
  std::size_t idle_target = 0;         // to be kept or brought up beside what the waiters need
  std::size_t failed_series = 0;       // so far
  IdleTarget* idle_targets = nullptr;  // the greatest counts, if min_idle is not more
  bool asked = false;                  // a try_acquire found nothing: one more, once
  bool pings_held_back = false;        // the reaper has left some for when others are done
  bool has_pending = false;            // it is among the ready endpoints of PendingJobs
  ConnectPlan plan = ConnectPlan::none;
  std::size_t shortage = 0;    // waiters without a supply, as the ConnectPlanner has counted it in
  SlotFifo<Types> closing;     // to be said goodbye to and destroyed
  SlotFifo<Types> refreshing;  // their ping or reset is due
  std::size_t goodbyes_running = 0;
  std::size_t refreshes = 0;  // pings and resets, due or running
  std::size_t refreshes_running = 0;
  ListHook<Endpoint> plan_hook;     // for the ConnectPlanner
  ListHook<Endpoint> pending_hook;  // for PendingJobs

  [[nodiscard]] bool abandoned() const noexcept { return slots == 0 && wanted() == 0; }
  [[nodiscard]] bool unused() const noexcept { return abandoned() && breaker.healthy(); }
  /// An abandoned one is kept for so long, because of what its breaker knows.
  [[nodiscard]] TimePoint forget_at(const PoolOptions& options) const noexcept {
    return after(breaker.retry_at(), options.connect_backoff.max);
  }
  [[nodiscard]] std::size_t idle_wanted() const noexcept { return saturating_sum(idle_target, asked ? 1 : 0); }
  [[nodiscard]] std::size_t wanted() const noexcept { return saturating_sum(waiters.size(), idle_wanted()); }
  /// In numbers; `limit` connects may be in flight.
  [[nodiscard]] Demand demand(std::size_t limit = 0) const noexcept {
    return {waiters.size(), idle_wanted(), idle.size(), connecting, outdated, limit};
  }
  // Idle targets come and go in any order.
  void add_idle_target(IdleTarget& added) noexcept { added.next = std::exchange(idle_targets, &added); }
  void remove_idle_target(IdleTarget& removed) noexcept {
    IdleTarget** link = &idle_targets;
    while (*link != &removed) link = &(*link)->next;
    *link = removed.next;
  }
  [[nodiscard]] std::size_t greatest_idle_target() const noexcept {
    std::size_t greatest = 0;
    for (const IdleTarget* each = idle_targets; each != nullptr; each = each->next)
      greatest = std::max(greatest, each->count);
    return greatest;
  }
};

/// A pool without targets has one endpoint, and no search.
template <class Types>
class SoleEndpoint {
 public:
  using Target = typename Types::Target;
  SoleEndpoint() noexcept { sole_.target = &nothing_; }
  [[nodiscard]] Endpoint<Types>* find(const Target&) noexcept { return &sole_; }
  [[nodiscard]] Endpoint<Types>& at(const Target&) noexcept { return sole_; }
  [[nodiscard]] Endpoint<Types>& sole() noexcept { return sole_; }
  void drop(Endpoint<Types>&) noexcept {}
  template <class F>
  void for_each(F&& visit) {
    visit(sole_);
  }

 private:
  Target nothing_{};
  Endpoint<Types> sole_;
};

template <class T>
concept Hashable = requires(const T& value) {
  { std::hash<T>{}(value) } -> std::convertible_to<std::size_t>;
};

/// One endpoint for each target in use, found by hash; nodes never move.
template <class Types>
class HashedEndpoints {
 public:
  using Target = typename Types::Target;
  [[nodiscard]] Endpoint<Types>* find(const Target& target) {
    const auto found = by_target_.find(target);
    return found == by_target_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Endpoint<Types>& at(const Target& target) {
    const auto [where, fresh] = by_target_.try_emplace(target);
    if (fresh) where->second.target = &where->first;  // once, because background workers read it without the lock
    return where->second;
  }
  /// Where the target's hash or == throws, it stays until it is used and dropped again.
  void drop(Endpoint<Types>& endpoint) noexcept {
    try {
      by_target_.erase(by_target_.find(*endpoint.target));
    } catch (...) {
      return;
    }
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [target, endpoint] : by_target_) visit(endpoint);
  }

 private:
  std::unordered_map<Target, Endpoint<Types>> by_target_;
};

/// The same for targets that can only be compared.
template <class Types>
class ListedEndpoints {
 public:
  using Target = typename Types::Target;
  [[nodiscard]] Endpoint<Types>* find(const Target& target) {
    for (auto& [own, endpoint] : list_) {
      if (own == target) return &endpoint;
    }
    return nullptr;
  }
  [[nodiscard]] Endpoint<Types>& at(const Target& target) {
    if (Endpoint<Types>* known = find(target)) return *known;
    auto& [own, endpoint] = list_.emplace_back(std::piecewise_construct, std::forward_as_tuple(target), std::tuple<>());
    endpoint.target = &own;
    return endpoint;
  }
  void drop(Endpoint<Types>& dropped) noexcept {
    list_.remove_if([&](const auto& entry) { return &entry.second == &dropped; });
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [target, endpoint] : list_) visit(endpoint);
  }

 private:
  std::list<std::pair<const Target, Endpoint<Types>>> list_;
};

template <class Types>
struct EndpointsOf {
  using type = HashedEndpoints<Types>;
};
template <class Types>
  requires(!has_target<typename Types::Connector>)
struct EndpointsOf<Types> {
  using type = SoleEndpoint<Types>;
};
template <class Types>
  requires(has_target<typename Types::Connector> && !Hashable<typename Types::Target>)
struct EndpointsOf<Types> {
  using type = ListedEndpoints<Types>;
};

template <class Types>
using Endpoints = typename EndpointsOf<Types>::type;

}  // namespace carpool::inline v0_1::detail

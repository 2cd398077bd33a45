/// Which connect comes next, and for whom: what the endpoints want, and what the pool as a whole allows.
#pragma once

#include <carpool/detail/state/instant.hpp>
#include <carpool/detail/state/inventory.hpp>
#include <carpool/detail/state/limits.hpp>
#include <carpool/detail/state/pool_gate.hpp>
#include <carpool/pool_options.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::inline v0_1::detail {

/// All under the pool's lock.
template <class Types>
class ConnectDemand {
 public:
  using Backend = typename Types::Backend;
  using Endpoint = detail::Endpoint<Types>;
  using Instant = detail::Instant<Backend>;

  ConnectDemand(const PoolOptions& options, const PoolGate& gate, const Limits& limits,
                Inventory<Types>& inventory) noexcept
      : options_(options), gate_(gate), limits_(limits), inventory_(inventory) {}
  ConnectDemand(const ConnectDemand&) = delete;
  ConnectDemand& operator=(const ConnectDemand&) = delete;

  /// The endpoint whose connect should start now, in a free slot or in one that make_room() yields; null if none.
  [[nodiscard]] Endpoint* next_to_connect() noexcept {
    return gate_.serving() && !is_full_and_well() ? look_for_next() : nullptr;
  }
  [[nodiscard]] bool has_free_slot() const noexcept { return limits_.has_free_slot(inventory_.slots.occupied()); }
  /// For a waiter of another endpoint.
  void make_room() noexcept { inventory_.put_closing(*inventory_.idle_ages.oldest_unneeded(), CloseReason::surplus); }

  /// Law 15: while the circuit is open no caller waits for a connect that may not start.
  [[nodiscard]] bool circuit_open(Endpoint& endpoint, Instant& now) noexcept {
    return endpoint.breaker.open(now) && endpoint.connecting == 0 && endpoint.idle.size() == 0 &&
           (has_free_slot() || inventory_.idle_ages.oldest_unneeded() != nullptr);
  }
  /// Somebody who does not wait would like one connection more, if a connect could start now.
  void ask_for_one(Endpoint& endpoint, Instant& now) noexcept {
    const bool may_start = gate_.serving() && limits_.free_slots(inventory_.slots.occupied()) > asks_ &&
                           has_room_for_more_idle() && !endpoint.breaker.pausing(now);
    if (!may_start || deficit(endpoint.demand()) > 0 || endpoint.idle.size() > 0) return;
    endpoint.asked = true;
    ++asks_;
    inventory_.planner.update(endpoint);
  }
  void answer(Endpoint& endpoint) noexcept {
    if (std::exchange(endpoint.asked, false)) --asks_;
  }
  /// After its idle targets have changed.
  void recompute_idle_target(Endpoint& endpoint) noexcept {
    endpoint.idle_target = std::max(options_.min_idle, endpoint.greatest_idle_target());
    inventory_.planner.update(endpoint);
  }
  /// What was true of the servers, or of our credentials, may be so no more.
  void allow_probes() noexcept {
    inventory_.endpoints.for_each([this](Endpoint& endpoint) {
      endpoint.breaker.allow();
      inventory_.planner.update(endpoint);
    });
  }
  /// Those that were dead for long, and that nobody asks for, go; finish_close(failure) gets what their connectors
  /// threw, whose end is the user's code. Returns when to look again.
  template <class FinishClose>
  [[nodiscard]] TimePoint forget_dead(TimePoint now, FinishClose finish_close) {
    while (Endpoint* const endpoint = inventory_.planner.first_remembered()) {
      if (now < endpoint->forget_at(options_)) return endpoint->forget_at(options_);
      finish_close(std::move(endpoint->failure));
      inventory_.planner.remove(*endpoint);
      inventory_.endpoints.drop(*endpoint);
    }
    return never;
  }

 private:
  /// No slot for a connect, and nothing else to see to: as it is at most hand-overs of a busy pool.
  [[nodiscard]] bool is_full_and_well() noexcept {
    return !has_free_slot() && asks_ == 0 && inventory_.planner.first_retry() == never && !may_make_room();
  }
  [[gnu::noinline]] [[nodiscard]] Endpoint* look_for_next() noexcept {
    if constexpr (!has_target<typename Types::Connector>) {
      Instant now;
      inventory_.planner.sort_in(inventory_.endpoints.sole(), now);
    }
    const bool free = has_free_slot();
    const bool for_idle = free && has_room_for_more_idle();
    if (asks_ > 0 && !for_idle) forget_asks();
    return inventory_.planner.next({free || may_make_room(), for_idle, inventory_.probes < limits_.most_probes()});
  }
  [[nodiscard]] bool has_room_for_more_idle() const noexcept {
    return limits_.has_room_for_idle(inventory_.slots.count(SlotState::idle) +
                                     inventory_.slots.count(SlotState::connecting));
  }
  /// As many are closed at once as there are waiters for whom no slot is free or becoming so.
  [[nodiscard]] bool may_make_room() noexcept {
    return inventory_.planner.shortage() > inventory_.slots.count(SlotState::closing) &&
           !limits_.over_size(inventory_.slots.lasting()) && inventory_.idle_ages.oldest_unneeded() != nullptr;
  }
  /// A try_acquire asks for now: where there is no room any more, that is forgotten.
  void forget_asks() noexcept {
    inventory_.planner.for_each_wanting_idle([this](Endpoint& endpoint) {
      answer(endpoint);
      inventory_.planner.update(endpoint);
      inventory_.drop_if_unused(endpoint);
    });
  }

  const PoolOptions& options_;
  const PoolGate& gate_;
  const Limits& limits_;
  Inventory<Types>& inventory_;
  std::size_t asks_ = 0;  // endpoints that are asked for one more
};

}  // namespace carpool::inline v0_1::detail

/// What a pool's state says of each endpoint, for the laws that a snapshot of the whole cannot tell. The only part of
/// the tests that knows the state's members.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/simulation_backend.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "simulation_model.hpp"

namespace carpool::inline v0_1::detail {

/// The pool's friend.
struct PoolInspector {
  template <class Pool>
  [[nodiscard]] static auto& core(const Pool& pool) {
    return pool.core_.load()->lifecycle;
  }
};

}  // namespace carpool::inline v0_1::detail

/// One endpoint. A waiter was told where it was notified to look; who was granted a connection is in line no more.
struct EndpointFacts {
  std::string target;
  std::size_t waiting = 0;
  std::size_t told = 0;
  std::size_t asleep = 0;  // not told, nor stopped on the way to its bed
  std::size_t idle = 0;
  std::size_t connecting = 0;
  std::size_t coming = 0;   // of these, those of the present generation
  bool in_trouble = false;  // a connect has failed since one succeeded
  std::size_t limit = 0;    // how many connects may be in flight: the breaker's and the ramp's word
  std::size_t closing = 0;
  std::size_t refreshing = 0;  // being pinged or reset by the pool

  /// How many more connects there should be for those in line, if there is room for them.
  [[nodiscard]] std::size_t wanted_connects() const noexcept {
    const std::size_t supply = idle + coming;
    const std::size_t deficit = waiting > supply ? waiting - supply : 0;
    return limit > connecting ? std::min(deficit, limit - connecting) : 0;
  }
};

struct StateFacts {
  bool serving = false;
  std::size_t slots = 0;  // in all
  std::size_t free = 0;
  std::size_t closing = 0;
  std::vector<EndpointFacts> endpoints;

  /// Idle connections to other endpoints, where nobody waits for them.
  [[nodiscard]] std::size_t spare_beside(const EndpointFacts& one) const noexcept {
    std::size_t spare = 0;
    for (const EndpointFacts& other : endpoints) {
      if (&other != &one && other.waiting == 0) spare += other.idle;
    }
    return spare;
  }
  [[nodiscard]] std::size_t asleep() const noexcept {
    std::size_t asleep = 0;
    for (const EndpointFacts& each : endpoints) asleep += each.asleep;
    return asleep;
  }
  [[nodiscard]] std::size_t wanted_connects() const noexcept {
    std::size_t wanted = 0;
    for (const EndpointFacts& each : endpoints) wanted += wanted_connects(each);
    return wanted;
  }
  /// Half of the slots are not for connects to endpoints in trouble, which may come to nothing.
  [[nodiscard]] std::size_t wanted_connects(const EndpointFacts& one) const noexcept {
    std::size_t probes = 0;
    for (const EndpointFacts& each : endpoints) probes += each.in_trouble ? each.connecting : 0;
    const bool may_probe = probes < std::max<std::size_t>(1, slots / 2);
    return !one.in_trouble || may_probe ? one.wanted_connects() : 0;
  }
};

/// Inside a simulation's invariant, where the lock is taken by looking at it alone.
template <class Pool>
class StateReader {
 public:
  explicit StateReader(const Pool& pool) : core_(carpool::detail::PoolInspector::core(pool)) {}

  [[nodiscard]] StateFacts read() {
    auto state = core_.access_without_flush();
    StateFacts facts;
    facts.serving = state->gate.serving();
    facts.slots = state->limits.max_size();
    facts.free = state->limits.max_size() - std::min(state->limits.max_size(), state->inventory.slots.occupied());
    state->inventory.endpoints.for_each([&](auto& endpoint) { facts.endpoints.push_back(facts_of(*state, endpoint)); });
    for (const EndpointFacts& each : facts.endpoints) facts.closing += each.closing;
    return facts;
  }
  /// Connects in flight that are somebody's supply.
  [[nodiscard]] std::size_t coming() {
    std::size_t coming = 0;
    for (const EndpointFacts& each : read().endpoints) coming += each.coming;
    return coming;
  }
  void read_tickets(DrawnTickets& tickets) {
    tickets.waiting.clear();
    auto state = core_.access_without_flush();
    tickets.newest = state->hand_over.last_ticket();
    state->inventory.endpoints.for_each([&](const auto& endpoint) {
      for (auto* waiter = endpoint.waiters.front(); waiter != nullptr; waiter = waiter->next) {
        tickets.waiting.push_back(waiter->ticket);
      }
    });
  }
  /// Whether a task is about to take from, or to put into, an entry of its own.
  [[nodiscard]] bool at_its_cache_entry(std::uint32_t task) {
    const auto* const entry = core_.worker_cache().of(carpool::SimulationBackend::worker_of(task));
    return entry != nullptr && entry->busy();
  }
  [[nodiscard]] std::size_t endpoints() {
    auto state = core_.access_without_flush();
    std::size_t count = 0;
    state->inventory.endpoints.for_each([&](const auto&) { ++count; });
    return count;
  }

 private:
  using SlotState = carpool::detail::SlotState;

  template <class State, class Endpoint>
  [[nodiscard]] EndpointFacts facts_of(State& state, Endpoint& endpoint) {
    EndpointFacts facts;
    if constexpr (std::is_same_v<std::decay_t<decltype(*endpoint.target)>, std::string>)
      facts.target = *endpoint.target;
    facts.waiting = endpoint.waiters.size();
    for (auto* waiter = endpoint.waiters.front(); waiter != nullptr; waiter = waiter->next) {
      facts.told += waiter->notified;
      facts.asleep += !waiter->notified && !is_stopped(*waiter);
    }
    facts.idle = endpoint.idle.size();
    facts.connecting = endpoint.connecting;
    facts.limit = endpoint.breaker.limit(carpool::SimulationBackend::now(), core_.settings().options.max_connecting);
    if constexpr (requires { endpoint.breaker.healthy(); }) {
      facts.in_trouble = !endpoint.breaker.healthy();
    } else {
      facts.in_trouble = !endpoint.breaker.closed();
    }
    for (auto& slot : state.inventory.slots) {
      if (slot.endpoint == &endpoint) count(state, slot, facts);
    }
    return facts;
  }
  template <class Waiter>
  [[nodiscard]] static bool is_stopped(const Waiter& waiter) {
    const auto task = static_cast<std::uint32_t>(waiter.worker - 1);
    return waiter.worker > 0 && carpool::Simulation::is_stopped(task);
  }
  template <class State, class PoolSlot>
  static void count(State& state, const PoolSlot& slot, EndpointFacts& facts) {
    const bool old = state.close_reason_on_return(slot) == carpool::CloseReason::retired;
    facts.coming += slot.state == SlotState::connecting && !old;
    facts.closing += slot.state == SlotState::closing;
    facts.refreshing += slot.state == SlotState::refreshing;
  }

  std::decay_t<decltype(carpool::detail::PoolInspector::core(std::declval<const Pool&>()))>& core_;
};

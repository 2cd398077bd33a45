/// What a pool was made with: shared by its books, its helpers, and a forked child's new books.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/connector_calls.hpp>
#include <carpool/observer.hpp>
#include <carpool/pool_options.hpp>

#include <optional>
#include <utility>

namespace carpool::detail {

/// The five policies, and what follows from them.
template <class Backend_, class Queue_, class Connector_, class Eviction_, class Observer_>
struct PoolTypes {
  using Backend = Backend_;
  using Queue = Queue_;
  using Connector = Connector_;
  using Eviction = Eviction_;
  using Observer = Observer_;
  using Connection = connection_t<Connector, Backend>;
  using Target = target_t<Connector>;
  using Calls = ConnectorCalls<Connector, Backend>;
  static constexpr bool affine = requires(Queue queue, WorkerId worker) { queue.pop(worker); };
};

/// Immutable after construction but for the observer, whose members are called by any worker.
template <class Types>
struct Settings {
  typename Types::Connector connector;
  PoolOptions options;
  typename Types::Eviction eviction;
  [[no_unique_address]] typename Types::Observer observer;

  /// Whether, and why, the eviction wants this connection closed. What it throws counts as yes.
  [[nodiscard]] std::optional<CloseReason> expired(const Slot& slot, TimePoint now) const noexcept {
    try {
      if (!eviction.expired(slot, now)) return std::nullopt;
      if constexpr (requires { { eviction.reason(slot, now) } -> std::same_as<CloseReason>; }) {
        return eviction.reason(slot, now);
      }
    } catch (...) {  // an eviction that cannot tell: better a connection too many closed than one too old used
    }
    return CloseReason::expired;
  }

  /// When to look at this connection again. Evictions that cannot say are asked once a second.
  [[nodiscard]] TimePoint due(const Slot& slot, TimePoint now) const noexcept {
    if constexpr (TellsWhenDue<typename Types::Eviction>) {
      try {
        return eviction.due(slot);
      } catch (...) {  // ask it again, but not in a loop
      }
    }
    return after(now, std::chrono::seconds(1));
  }
};

}  // namespace carpool::detail

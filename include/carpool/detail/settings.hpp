/// What a pool was made with: shared by its state, its background workers, and the new state of a forked child.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/detail/state/lease_mark.hpp>
#include <carpool/evictions.hpp>
#include <carpool/observer.hpp>
#include <carpool/pool_options.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class Queue>
[[nodiscard]] consteval WorkerCaching worker_caching_of() {
  if constexpr (TellsWorkerCaching<Queue>) {
    return Queue::worker_caching;
  } else {
    return WorkerCaching::none;
  }
}

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

  static constexpr WorkerCaching worker_caching = worker_caching_of<Queue>();

  /// The calling worker, where the queue wants to know.
  [[nodiscard]] static WorkerId this_worker() noexcept {
    if constexpr (affine || worker_caching != WorkerCaching::none) {
      return Backend::worker();
    } else {
      return 0;
    }
  }
};

/// Immutable after construction but for the observer, whose members are called by any worker.
template <class Types>
struct Settings {
  typename Types::Connector connector;
  PoolOptions options;
  typename Types::Eviction eviction;
  [[no_unique_address]] typename Types::Observer observer;
  /// The ConnectionPool is gone, and with it perhaps what the policies refer to: none of them is called any more.
  /// Written once, by its destructor.
  Relaxed<typename Types::Backend, bool> owner_gone{};
  /// Where the connector, if it has no targets, said at construction that it connects to: for observers that ask.
  std::string server{};

  [[nodiscard]] PoolInfo info() const noexcept { return {options.name, server}; }

  /// Whether, and why, this connection is to be closed.
  [[nodiscard]] std::optional<CloseReason> expired(const Slot& slot, TimePoint lives_until,
                                                   TimePoint now) const noexcept {
    if (now >= lives_until) return CloseReason::expired;
    try {
      if (!eviction.expired(slot, now)) return std::nullopt;
      return reason_of(eviction, slot, now);
    } catch (...) {  // an eviction that cannot tell: better a connection too many closed than one too old used
    }
    return CloseReason::expired;
  }

  /// Before when `slot`, idle from now on, need not be asked about again: for evictions that can say. Others are asked
  /// at every hand-out.
  [[nodiscard]] TimePoint good_until(const Slot& slot, TimePoint lives_until) const noexcept {
    if constexpr (TellsWhenDue<typename Types::Eviction>) {
      try {
        return std::min(lives_until, eviction.due(slot));
      } catch (...) {  // then it is asked
      }
    }
    return TimePoint::min();
  }

  /// When the reaper should look at it: evictions that cannot say are asked once a second.
  [[nodiscard]] TimePoint next_look(const Slot& slot, TimePoint lives_until, TimePoint now) const noexcept {
    const TimePoint due = good_until(slot, lives_until);
    return due == TimePoint::min() ? after(now, std::chrono::seconds(1)) : due;
  }
};

}  // namespace carpool::inline v0_1::detail

/// Goodbyes, resets and pings that wait to be done: bounded per endpoint, the endpoints in turn.
#pragma once

#include <carpool/detail/state/endpoints.hpp>
#include <carpool/detail/state/pool_slot.hpp>

#include <cstddef>

namespace carpool::inline v0_1::detail {

enum class PendingKind : std::uint8_t {
  close,    ///< say goodbye to a closing slot's connection and destroy it
  refresh,  ///< reset or ping a refreshing slot
};

template <class Types>
struct PendingJob {
  PendingKind kind = PendingKind::close;
  PoolSlot<Types>* slot = nullptr;
};

/// All under the pool's lock. An endpoint whose server hangs fills its own bounds, and nobody else's.
template <class Types>
class PendingJobs {
 public:
  using PoolSlot = detail::PoolSlot<Types>;
  using Endpoint = detail::Endpoint<Types>;

  void push_closing(PoolSlot& slot) noexcept {
    slot.endpoint->closing.push(slot);
    make_ready(*slot.endpoint);
  }
  void push_refreshing(PoolSlot& slot) noexcept {
    ++slot.endpoint->refreshes;
    slot.endpoint->refreshing.push(slot);
    make_ready(*slot.endpoint);
  }

  [[nodiscard]] bool ready() const noexcept { return !ready_.empty(); }
  /// The next one of the endpoint whose turn it is; no slot: none may start now.
  [[nodiscard]] PendingJob<Types> next() noexcept {
    Endpoint* const endpoint = ready_.front();
    if (endpoint == nullptr) return {};
    leave(*endpoint);
    const PendingJob<Types> job = take(*endpoint);
    make_ready(*endpoint);
    return job;
  }
  void done(const PoolSlot& slot, PendingKind kind) noexcept {
    Endpoint& endpoint = *slot.endpoint;
    if (kind == PendingKind::close) {
      --endpoint.goodbyes_running;
    } else {
      --endpoint.refreshes_running;
      --endpoint.refreshes;
    }
    make_ready(endpoint);
  }
  /// Where there are no workers: a closing slot, whatever the bounds say, or nullptr. done() is not called for it.
  [[nodiscard]] PoolSlot* pop_closing() noexcept {
    for (Endpoint* endpoint = ready_.front(); endpoint != nullptr; endpoint = Ready::after(*endpoint)) {
      if (PoolSlot* const slot = endpoint->closing.pop()) return settle(*endpoint), slot;
    }
    return nullptr;
  }
  /// A slot of this endpoint whose refresh has not begun, or nullptr: it is no pending job any more.
  [[nodiscard]] PoolSlot* pop_refreshing(Endpoint& endpoint) noexcept {
    PoolSlot* const slot = endpoint.refreshing.pop();
    if (slot != nullptr) --endpoint.refreshes;
    settle(endpoint);
    return slot;
  }
  /// Whether one more ping leaves idle connections to be taken: at most half of them are away at once (law 12).
  [[nodiscard]] static bool may_ping(const Endpoint& endpoint) noexcept {
    const std::size_t half = (endpoint.idle.size() + endpoint.refreshes) / 2;
    return endpoint.refreshes < std::max<std::size_t>(1, half);
  }
  /// Pings were held back, and those before them have all begun.
  [[nodiscard]] static bool take_held_back(Endpoint& endpoint) noexcept {
    return endpoint.refreshing.empty() && std::exchange(endpoint.pings_held_back, false);
  }

 private:
  using Ready = HookedList<Endpoint, &Endpoint::pending_hook>;
  static constexpr std::size_t max_goodbyes = 16;  // of one endpoint at once
  static constexpr std::size_t max_refreshes = 4;  // of one endpoint at once

  [[nodiscard]] static bool may_close(const Endpoint& endpoint) noexcept {
    return !endpoint.closing.empty() && endpoint.goodbyes_running < max_goodbyes;
  }
  [[nodiscard]] static bool may_refresh(const Endpoint& endpoint) noexcept {
    return !endpoint.refreshing.empty() && endpoint.refreshes_running < max_refreshes;
  }
  [[nodiscard]] static PendingJob<Types> take(Endpoint& endpoint) noexcept {
    if (may_close(endpoint)) {
      ++endpoint.goodbyes_running;
      return {PendingKind::close, endpoint.closing.pop()};
    }
    ++endpoint.refreshes_running;
    return {PendingKind::refresh, endpoint.refreshing.pop()};
  }
  /// To the end of the ready endpoints, if a job of it may start and it is not among them.
  void make_ready(Endpoint& endpoint) noexcept {
    if (endpoint.has_pending || !(may_close(endpoint) || may_refresh(endpoint))) return;
    endpoint.has_pending = true;
    ready_.push_back(endpoint);
  }
  void leave(Endpoint& endpoint) noexcept {
    endpoint.has_pending = false;
    ready_.remove(endpoint);
  }
  void settle(Endpoint& endpoint) noexcept {
    if (endpoint.has_pending && !may_close(endpoint) && !may_refresh(endpoint)) leave(endpoint);
  }

  Ready ready_;  // endpoints of which a job may start
};

}  // namespace carpool::inline v0_1::detail

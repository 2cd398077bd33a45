/// Goodbyes, resets and pings that wait to be done: bounded per endpoint, the endpoints in turn.
#pragma once

#include <carpool/detail/endpoints.hpp>
#include <carpool/detail/place.hpp>

#include <cstddef>

namespace carpool::detail {

enum class ChoreKind : std::uint8_t {
  close,    ///< say goodbye to a closing place's connection and destroy it
  refresh,  ///< reset or ping an in_use place that the pool holds itself
};

template <class Types>
struct Chore {
  ChoreKind kind = ChoreKind::close;
  Place<Types>* place = nullptr;
};

/// All under the pool's lock. An endpoint whose server hangs fills its own bounds, and nobody else's.
template <class Types>
class Chores {
 public:
  using Place = detail::Place<Types>;
  using Endpoint = detail::Endpoint<Types>;

  void push_closing(Place& place) noexcept {
    place.endpoint->closing.push(place);
    line_up(*place.endpoint);
  }
  void push_refreshing(Place& place) noexcept {
    ++place.endpoint->refreshes;
    place.endpoint->refreshing.push(place);
    line_up(*place.endpoint);
  }

  [[nodiscard]] bool ready() const noexcept { return !ready_.empty(); }
  /// The next one of the endpoint whose turn it is; no place: none may start now.
  [[nodiscard]] Chore<Types> next() noexcept {
    Endpoint* const endpoint = ready_.front();
    if (endpoint == nullptr) return {};
    leave(*endpoint);
    const Chore<Types> chore = take(*endpoint);
    line_up(*endpoint);
    return chore;
  }
  void done(const Place& place, ChoreKind kind) noexcept {
    Endpoint& endpoint = *place.endpoint;
    if (kind == ChoreKind::close) {
      --endpoint.goodbyes_running;
    } else {
      --endpoint.refreshes_running;
      --endpoint.refreshes;
    }
    line_up(endpoint);
  }
  /// Where nobody else does chores: a closing place, whatever the bounds say, or nullptr. It is no chore to be done().
  [[nodiscard]] Place* pop_closing() noexcept {
    for (Endpoint* endpoint = ready_.front(); endpoint != nullptr; endpoint = Ready::after(*endpoint)) {
      if (Place* const place = endpoint->closing.pop()) return settle(*endpoint), place;
    }
    return nullptr;
  }
  /// A place of this endpoint whose refresh has not begun, or nullptr: it is no chore any more.
  [[nodiscard]] Place* pop_refreshing(Endpoint& endpoint) noexcept {
    Place* const place = endpoint.refreshing.pop();
    if (place != nullptr) --endpoint.refreshes;
    settle(endpoint);
    return place;
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
  using Ready = HookedList<Endpoint, &Endpoint::chore_hook>;
  static constexpr std::size_t max_goodbyes = 16;  // of one endpoint at once
  static constexpr std::size_t max_refreshes = 4;  // of one endpoint at once

  [[nodiscard]] static bool may_close(const Endpoint& endpoint) noexcept {
    return !endpoint.closing.empty() && endpoint.goodbyes_running < max_goodbyes;
  }
  [[nodiscard]] static bool may_refresh(const Endpoint& endpoint) noexcept {
    return !endpoint.refreshing.empty() && endpoint.refreshes_running < max_refreshes;
  }
  [[nodiscard]] static Chore<Types> take(Endpoint& endpoint) noexcept {
    if (may_close(endpoint)) {
      ++endpoint.goodbyes_running;
      return {ChoreKind::close, endpoint.closing.pop()};
    }
    ++endpoint.refreshes_running;
    return {ChoreKind::refresh, endpoint.refreshing.pop()};
  }
  /// To the end of the line, if something of it may start and it does not stand there.
  void line_up(Endpoint& endpoint) noexcept {
    if (endpoint.has_chores || !(may_close(endpoint) || may_refresh(endpoint))) return;
    endpoint.has_chores = true;
    ready_.push_back(endpoint);
  }
  void leave(Endpoint& endpoint) noexcept {
    endpoint.has_chores = false;
    ready_.remove(endpoint);
  }
  void settle(Endpoint& endpoint) noexcept {
    if (endpoint.has_chores && !may_close(endpoint) && !may_refresh(endpoint)) leave(endpoint);
  }

  Ready ready_;  // endpoints of which a chore may start
};

}  // namespace carpool::detail

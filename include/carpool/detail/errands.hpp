/// What a pool has done for it in the background: goodbyes, pings, resets and connects, one place at a time.
#pragma once

#include <carpool/detail/connect_attempt.hpp>
#include <carpool/detail/pool_state.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace carpool::detail {

enum class ErrandKind : std::uint8_t {
  none,     ///< nothing to do
  later,    ///< something, but there is no memory for it now
  close,    ///< say goodbye to a closing place's connection and destroy it
  refresh,  ///< reset or ping an in_use place that the pool holds itself
  connect,  ///< open a reserved place's connection
};

template <class Types>
struct Errand {
  ErrandKind kind = ErrandKind::none;
  Place<Types>* place = nullptr;
};

/// Picks errands under the lock and runs them without it. On concurrent backends only the pool's own helpers run them;
/// on a SingleBackend the caller does, and no errand lasts beyond the caller's deadline, `limit` (law 4).
template <class Types>
class Errands {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Core = PoolCore<Types>;
  using Place = detail::Place<Types>;
  using State = PoolState<Types>;

  [[nodiscard]] static bool pending(State& state) noexcept {
    return state.chores().ready() || state.next_to_connect() != nullptr;
  }

  /// The place of the errand is the caller's from here on. Throws std::bad_alloc, with nothing changed, where a
  /// connect needs a new place and there is no memory for it.
  [[nodiscard]] static Errand<Types> next(State& state, Core& core) {
    if (Errand<Types> chore = next_chore(state); chore.place != nullptr) return chore;
    Endpoint<Types>* const endpoint = state.next_to_connect();
    if (endpoint == nullptr) return {};
    if (state.has_free_place()) return {ErrandKind::connect, &state.reserve(core, *endpoint)};
    state.make_room();
    return next_chore(state);
  }

  static void run(const Errand<Types>& errand, Core& core, TimePoint limit) {
    switch (errand.kind) {
      case ErrandKind::none:
      case ErrandKind::later: return;
      case ErrandKind::close: return close(*errand.place, core, limit);
      case ErrandKind::refresh: return refresh(*errand.place, core, limit);
      case ErrandKind::connect: return ConnectAttempt<Types>(*errand.place, core, limit).run();
    }
  }

 private:
  [[nodiscard]] static Errand<Types> next_chore(State& state) noexcept {
    const Chore<Types> chore = state.chores().next();
    if (chore.place == nullptr) return {};
    return {chore.kind == ChoreKind::close ? ErrandKind::close : ErrandKind::refresh, chore.place};
  }

  static void close(Place& place, Core& core, TimePoint limit) noexcept {
    core.destroy_connection(place, limit);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->chores().done(place, ChoreKind::close);
    core.bury(state, place, wakeups);
  }

  static void refresh(Place& place, Core& core, TimePoint limit) noexcept {
    const TimePoint started = Backend::now();
    std::optional<CloseReason> fault = refreshed(place, core, started, limit);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->chores().done(place, ChoreKind::refresh);
    if (fault == CloseReason::dead) core.distrust(state, *place.endpoint, started);  // may empty the queue of refreshes
    if (Chores<Types>::take_held_back(*place.endpoint)) wakeups.add(state->roster.expect(started));
    core.settle_place(state, place, fault, wakeups);
  }

  /// What is wrong with the connection, if anything. A throw of any kind is no answer.
  [[nodiscard]] static std::optional<CloseReason> refreshed(Place& place, Core& core, TimePoint started,
                                                            TimePoint limit) noexcept {
    const auto& connector = core.settings().connector;
    const TimePoint deadline = std::min(limit, after(started, core.settings().options.validation_timeout));
    try {
      if (!Calls::is_connected(connector, *place.connection)) return CloseReason::dead;
      if (std::exchange(place.dirty, false)) {
        if (!Calls::reset(connector, *place.connection, deadline)) return CloseReason::reset_failed;
      } else if (!Calls::ping(connector, *place.connection, deadline)) {
        return CloseReason::dead;
      }
    } catch (...) {  // not even a std::exception: a helper has nobody to tell
      return CloseReason::dead;
    }
    place.validated_at = Backend::coarse_now();
    place.answered_after = place.uses;
    return std::nullopt;
  }
};

}  // namespace carpool::detail

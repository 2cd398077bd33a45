/// What a pool has done for it in the background: goodbyes, pings, resets and connects, one place at a time.
#pragma once

#include <carpool/detail/connect_series.hpp>
#include <carpool/detail/pool_state.hpp>

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
/// on a SingleBackend the caller does, with its own deadline as `limit`.
template <class Types>
class Errands {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Core = PoolCore<Types>;
  using Place = detail::Place<Types>;
  using State = PoolState<Types>;

  [[nodiscard]] static bool pending(State& state) noexcept {
    const bool chore = !state.closing().empty() || !state.refreshing().empty();
    return (chore && state.roster.may_do_chore()) || state.next_to_connect() != nullptr;
  }

  /// The place of the errand is the caller's from here on. Throws std::bad_alloc, with nothing changed, where a
  /// connect needs a new place and there is no memory for it.
  [[nodiscard]] static Errand<Types> next(State& state, Core& core) {
    if (state.roster.may_do_chore()) {
      if (Errand<Types> chore = next_chore(state); chore.place != nullptr) return chore;
    }
    Endpoint<Types>* const endpoint = state.next_to_connect();
    if (endpoint == nullptr) return {};
    if (state.has_free_place()) return {ErrandKind::connect, &state.reserve(core, *endpoint)};
    state.put_closing(*state.least_needed_elsewhere(*endpoint), CloseReason::surplus);  // it makes room
    return state.roster.may_do_chore() ? next_chore(state) : Errand<Types>{};
  }

  static void run(const Errand<Types>& errand, Core& core, Helper<Types>* helper, TimePoint limit) {
    switch (errand.kind) {
      case ErrandKind::none:
      case ErrandKind::later: return;
      case ErrandKind::close: return close(*errand.place, core);
      case ErrandKind::refresh: return refresh(*errand.place, core);
      case ErrandKind::connect: return ConnectSeries<Types>(*errand.place, core, helper, limit).run();
    }
  }

 private:
  [[nodiscard]] static Errand<Types> next_chore(State& state) noexcept {
    Errand<Types> chore{ErrandKind::close, state.closing().pop()};
    if (chore.place == nullptr) chore = {ErrandKind::refresh, state.refreshing().pop()};
    if (chore.place != nullptr) state.roster.chore_begun();
    return chore;
  }

  static void close(Place& place, Core& core) noexcept {
    core.destroy_connection(place, Goodbye::if_healthy);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->roster.chore_done();
    core.bury(state, place, wakeups);
  }

  static void refresh(Place& place, Core& core) noexcept {
    const TimePoint started = Backend::now();
    std::optional<CloseReason> fault = refreshed(place, core, started);
    Wakeups<Backend> wakeups;
    auto state = core.access();
    state->roster.chore_done();
    if (fault == CloseReason::dead) core.distrust(state, *place.endpoint, started);
    core.settle_place(state, place, fault, wakeups);
  }

  /// What is wrong with the connection, if anything. A throw of any kind is no answer.
  [[nodiscard]] static std::optional<CloseReason> refreshed(Place& place, Core& core, TimePoint started) noexcept {
    const auto& connector = core.settings().connector;
    const TimePoint deadline = after(started, core.settings().options.validation_timeout);
    try {
      if (!connector.is_connected(*place.connection)) return CloseReason::dead;
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

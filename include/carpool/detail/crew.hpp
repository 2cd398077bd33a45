/// The pool's background workers: a keeper, which hires, and helpers that run errands and make the rounds of upkeep.
#pragma once

#include <carpool/detail/errands.hpp>
#include <carpool/detail/keeper.hpp>
#include <carpool/detail/upkeep.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace carpool::detail {

/// On a backend without concurrency nothing is ever started: the pool's callers run the errands. Everything that users
/// wrote is called by helpers, so that a keeper can be that of a thousand pools.
template <class Types>
class Crew {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using Task = decltype(Backend::spawn_background(std::declval<void (*)()>()));
  using Wakeups = detail::Wakeups<Backend>;

  explicit Crew(Core& core) noexcept : core_(core), keeper_(*this) {}

  /// Throws what the backend's spawn does.
  void start() {
    if constexpr (Backend::concurrent) {
      keeper_.start();
      started_ = true;
      Wakeups wakeups;
      auto state = core_.access();
      state->roster.open(keeper_);
      if (Errands<Types>::pending(*state)) wakeups.add(state->roster.call_keeper());
    }
  }

  /// The pool is closed. Closes what is to be closed, together with the helpers, and waits until what is connecting has
  /// ended and everybody has gone home.
  void stop() {
    if (!started_) return;
    (void)run_errands();
    dismiss();
    keeper_.stop();
    hands_.clear();  // joins
  }

 private:
  friend Keeper<Backend, Crew>;

  struct Hand {
    Helper<Types> self;
    std::optional<Task> task;  // declared last: joined before `self` goes
  };
  static constexpr Duration hire_again_after = std::chrono::milliseconds(100);
  /// After that a helper goes home. To start a thread costs some 50 us: so, in a pool that needs one a little more
  /// seldom than this, a twenty-thousandth of the time.
  static constexpr Duration rest_time = std::chrono::seconds(1);

  void dismiss() noexcept {
    Wakeups wakeups;
    auto state = core_.access();
    state->roster.stop();
    state->roster.rouse_all(wakeups);
  }

  // --- the keeper --------------------------------------------------------------------------------------

  /// Sees to it that there is somebody for what there is to do. Returns when to look again; nothing: it is time to go
  /// home. Nothing that a connector or an eviction does can hold it up.
  [[nodiscard]] std::optional<TimePoint> step() noexcept {
    const TimePoint now = Backend::now();
    Wakeups wakeups;
    auto state = core_.access();
    if (state->roster.stopping) return std::nullopt;
    Helper<Types>* const leavers = state->roster.take_leavers();
    const bool wanted = rouse_or_want_one(*state, now, wakeups);
    const TimePoint due = state->roster.keeper_due;
    state.unlock();
    wakeups.fire();
    join(leavers);
    return !wanted || hire_one() ? due : std::min(due, after(now, hire_again_after));
  }
  /// True: there is something to do, and nobody to do it.
  [[nodiscard]] static bool rouse_or_want_one(PoolState<Types>& state, TimePoint now, Wakeups& wakeups) noexcept {
    auto& roster = state.roster;
    if (now >= roster.keeper_due) roster.order_round();
    if (!roster.round_ordered() && !Errands<Types>::pending(state)) return false;
    const bool wanted = roster.should_hire();
    if (wanted) roster.hire();
    if (!wanted) wakeups.add(roster.rouse());
    return wanted;
  }
  [[nodiscard]] bool hire_one() noexcept {
    try {
      auto& hand = *hands_.emplace_back(std::make_unique<Hand>());
      hand.task.emplace(Backend::spawn_background([this, &hand] { work(hand.self); }));
      return true;
    } catch (const std::exception&) {  // no memory, or no thread to be had
      if (!hands_.empty() && !hands_.back()->task) hands_.pop_back();
      Wakeups wakeups;
      auto state = core_.access();
      state->roster.hiring_failed(hands_.empty());
      if (state->roster.short_handed()) state->call_for_help(wakeups);
      return false;
    }
  }
  /// They have gone home.
  void join(Helper<Types>* leavers) noexcept {
    while (leavers != nullptr) {
      Helper<Types>* const gone = std::exchange(leavers, leavers->next);
      std::erase_if(hands_, [gone](const auto& hand) { return &hand->self == gone; });
    }
  }

  // --- helpers -----------------------------------------------------------------------------------------

  void work(Helper<Types>& self) noexcept {
    core_.access()->roster.started();
    for (;;) {
      make_rounds();
      const ErrandKind left = run_errands();
      auto state = core_.access();
      if (state->roster.stopping) return;
      if (state->roster.round_ordered()) continue;
      if (left == ErrandKind::none && Errands<Types>::pending(*state)) continue;  // one that has come since
      state->roster.rest(self);
      state.unlock();
      const bool roused = self.parking.park_until(after(Backend::now(), rest_time));
      if (!roused && leaves(self)) return;
    }
  }
  /// False: somebody has roused it in the last moment.
  [[nodiscard]] bool leaves(Helper<Types>& self) noexcept {
    Wakeups wakeups;
    auto state = core_.access();
    if (!state->roster.leave(self)) return false;
    wakeups.add(state->roster.call_keeper());  // to be joined; whoever has something to do from now on calls it, too
    return true;
  }

  /// Of upkeep, where they are ordered. Out of memory, the next attempt is a second away, and whatever is due waits for
  /// it.
  void make_rounds() noexcept {
    while (begin_round()) {
      const TimePoint due = upkeep();
      Wakeups wakeups;
      auto state = core_.access();
      state->roster.end_round();
      wakeups.add(state->roster.expect(due));
    }
  }
  [[nodiscard]] bool begin_round() noexcept {
    Wakeups wakeups;
    auto state = core_.access();
    if (!state->roster.begin_round()) return false;
    if (Errands<Types>::pending(*state)) wakeups.add(state->roster.rouse());  // a colleague
    return true;
  }
  [[nodiscard]] TimePoint upkeep() noexcept {
    try {
      return upkeep_.run(core_).next_due;
    } catch (const std::bad_alloc&) {
      return after(Backend::now(), std::chrono::seconds(1));
    }
  }

  /// Until there is none, or none that can be done now; returns which.
  ErrandKind run_errands() noexcept {
    for (;;) {
      const Errand<Types> errand = core_.next_errand();
      if (errand.slot == nullptr) return errand.kind;
      Errands<Types>::run(errand, core_, never);
    }
  }

  Core& core_;
  Upkeep<Types> upkeep_;                      // of the helper that makes a round
  std::vector<std::unique_ptr<Hand>> hands_;  // the keeper's, until it has stopped
  Keeper<Backend, Crew> keeper_;
  bool started_ = false;
};

}  // namespace carpool::detail

/// The pool's background workers: one keeper, which reaps and hires, and helpers that run errands.
#pragma once

#include <carpool/detail/errands.hpp>
#include <carpool/detail/upkeep.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace carpool::detail {

/// On a backend without concurrency nothing is ever started: the pool's callers run the errands.
template <class Types>
class Crew {
 public:
  using Backend = typename Types::Backend;
  using Core = PoolCore<Types>;
  using Task = decltype(Backend::spawn_background(std::declval<void (*)()>()));

  explicit Crew(Core& core) noexcept : core_(core) {}

  /// Throws what the backend's spawn does.
  void start() {
    if constexpr (Backend::concurrent) keeper_.emplace(Backend::spawn_background([this] { keep(); }));
  }

  /// Waits until what is closing is closed and what is connecting has ended, then until everybody has gone home.
  void stop() {
    if (!keeper_) return;
    dismiss();
    keeper_->join();
    keeper_.reset();
    hands_.clear();  // joins
  }

 private:
  struct Hand {
    Helper<Types> self;
    std::optional<Task> task;  // declared last: joined before `self` goes
  };
  static constexpr Duration hire_again_after = std::chrono::milliseconds(100);

  void dismiss() noexcept {
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    state->roster.stopping = true;
    state->roster.rouse_all(wakeups);
  }

  /// The keeper: sleeps until something is due or it is roused; nothing that a connector or an eviction does ends it.
  void keep() noexcept {
    Helper<Types>& self = core_.access()->roster.keeper;
    for (;;) {
      hire();
      const std::optional<TimePoint> due = next_due();
      if (!due) break;
      if (Backend::now() < *due)
        (void)self.parking.park_until(*due);
      else
        round();
    }
    run_errands();  // the last one out: no errand is left behind
  }

  /// Nothing: it is time to go home.
  [[nodiscard]] std::optional<TimePoint> next_due() noexcept {
    auto state = core_.access();
    if (state->roster.stopping) return std::nullopt;
    return state->roster.keeper_due;
  }

  /// One round of upkeep. Out of memory, the next attempt is a second away, and whatever is due waits for it.
  void round() noexcept {
    try {
      const TimePoint due = upkeep_.run(core_).next_due;
      auto state = core_.access();
      state->roster.keeper_due = std::min(state->roster.keeper_due, due);
    } catch (const std::bad_alloc&) {
      core_.access()->roster.keeper_due = after(Backend::now(), std::chrono::seconds(1));
    }
  }

  /// One helper, if there is an errand that nobody would take. Where there is no helper and none can be had, the keeper
  /// runs the errands itself.
  void hire() noexcept {
    if (!wanted()) return;
    if (!hire_one() && hands_.empty()) run_errands();
  }
  [[nodiscard]] bool wanted() noexcept {
    auto state = core_.access();
    if (state->roster.stopping || !state->roster.should_hire()) return false;
    if (!Errands<Types>::pending(*state)) return false;
    state->roster.hire();
    return true;
  }
  [[nodiscard]] bool hire_one() noexcept {
    try {
      auto& hand = *hands_.emplace_back(std::make_unique<Hand>());
      hand.task.emplace(Backend::spawn_background([this, &hand] { work(hand.self); }));
      return true;
    } catch (const std::exception&) {  // no memory, or no thread to be had
      if (!hands_.empty() && !hands_.back()->task) hands_.pop_back();
      auto state = core_.access();
      state->roster.hiring_failed();
      // The others may be busy for long, and nothing else might rouse the keeper.
      state->roster.keeper_due = std::min(state->roster.keeper_due, after(Backend::now(), hire_again_after));
      return false;
    }
  }

  void work(Helper<Types>& self) noexcept {
    core_.access()->roster.started();
    for (;;) {
      const ErrandKind left = run_errands();
      auto state = core_.access();
      if (state->roster.stopping) return;
      if (left == ErrandKind::none && Errands<Types>::pending(*state)) continue;  // one that has come since
      state->roster.rest(self);
      state.unlock();
      (void)self.parking.park_until(never);
    }
  }

  /// Until there is none, or none that can be done now; returns which.
  ErrandKind run_errands() noexcept {
    for (;;) {
      const Errand<Types> errand = core_.next_errand();
      if (errand.place == nullptr) return errand.kind;
      Errands<Types>::run(errand, core_, never);
    }
  }

  Core& core_;
  Upkeep<Types> upkeep_;                      // the keeper's
  std::vector<std::unique_ptr<Hand>> hands_;  // the keeper's, until it has been joined
  std::optional<Task> keeper_;
};

}  // namespace carpool::detail

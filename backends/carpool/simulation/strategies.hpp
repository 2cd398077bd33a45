/// Who goes next in a simulation: at random, by changing priorities (PCT), systematically, or as recorded.
#pragma once

#include <carpool/simulation/trace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// One decision. alternatives[0] is the default; those that can run come first, then a timer, flushes, a stop.
struct SimulatedDecision {
  std::span<const SimulatedAlternative> alternatives;
  bool may_stay = false;     ///< alternatives[0] is the task that runs already
  std::uint64_t at = 0;      ///< the step's number in the run
  std::size_t runnable = 0;  ///< how many of the alternatives are tasks that can run
};

class SimulationStrategy {
 public:
  SimulationStrategy() = default;
  SimulationStrategy(const SimulationStrategy&) = delete;
  SimulationStrategy& operator=(const SimulationStrategy&) = delete;
  virtual ~SimulationStrategy() = default;

  /// Before each run. False: there is nothing left to try.
  [[nodiscard]] virtual bool begin() = 0;
  /// The index of the alternative to take.
  [[nodiscard]] virtual std::size_t choose(const SimulatedDecision& decision) = 0;
  /// True: it takes the default at this step, so the alternatives need not be worked out.
  [[nodiscard]] virtual bool indifferent(std::uint64_t /*at*/, bool /*may_stay*/) { return false; }
  /// What went wrong with the strategy itself.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
};

/// Timers, flushes and stops are rare, whatever the strategy draws for tasks. Nothing: the strategy decides among the
/// tasks.
[[nodiscard]] inline std::size_t draw_rarity(const SimulatedDecision& decision, SimulatedChance& chance) {
  const auto& all = decision.alternatives;
  if (all.size() == decision.runnable) return 0;
  const std::size_t one = decision.runnable + chance.below(all.size() - decision.runnable);
  switch (all[one].kind) {
    case SimulatedAlternative::Kind::stop: return chance.one_in(48) ? one : 0;
    case SimulatedAlternative::Kind::timer: return chance.one_in(24) ? one : 0;
    case SimulatedAlternative::Kind::run:
    case SimulatedAlternative::Kind::flush:
    case SimulatedAlternative::Kind::stale: break;
  }
  return chance.one_in(6) ? one : 0;
}

/// Each run draws how readily tasks change: always, often or seldom.
class RandomStrategy : public SimulationStrategy {
 public:
  explicit RandomStrategy(std::uint64_t seed) noexcept : seed_(seed) {}

  bool begin() override {
    chance_ = SimulatedChance(seed_++);
    constexpr std::size_t stays[] = {1, 2, 4, 16};
    stay_ = stays[chance_.below(std::size(stays))];
    return true;
  }
  std::size_t choose(const SimulatedDecision& decision) override {
    if (const std::size_t rare = draw_rarity(decision, chance_)) return rare;
    if (decision.may_stay && !chance_.one_in(stay_)) return 0;
    return decision.runnable == 0 ? 0 : chance_.below(decision.runnable);
  }

 private:
  std::uint64_t seed_;
  SimulatedChance chance_;
  std::size_t stay_ = 1;
};

/// Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010): the task of
/// highest priority runs; at depth - 1 steps, drawn beforehand, whoever runs falls to the lowest.
class PctStrategy : public SimulationStrategy {
 public:
  PctStrategy(std::uint64_t seed, std::size_t depth) noexcept : seed_(seed), depth_(depth) {}

  bool begin() override {
    chance_ = SimulatedChance(seed_++);
    longest_ = std::max(longest_, std::exchange(length_, 0));
    priorities_.clear();
    lowest_ = 0;
    change_at_.clear();
    for (std::size_t i = 1; i < depth_; ++i) change_at_.push_back(chance_.below(longest_));
    return true;
  }
  std::size_t choose(const SimulatedDecision& decision) override {
    if (const std::size_t rare = draw_rarity(decision, chance_)) return rare;
    std::size_t best = highest(decision);
    if (decision.runnable < 2) return best;
    if (std::count(change_at_.begin(), change_at_.end(), length_++) > 0) {
      priorities_[decision.alternatives[best].task] = --lowest_;
      best = highest(decision);
    }
    return best;
  }

 private:
  [[nodiscard]] std::size_t highest(const SimulatedDecision& decision) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < decision.runnable; ++i) {
      if (priority(decision.alternatives[i].task) > priority(decision.alternatives[best].task)) best = i;
    }
    return best;
  }
  [[nodiscard]] std::int64_t priority(std::size_t task) {
    while (priorities_.size() <= task) priorities_.push_back(static_cast<std::int64_t>(chance_.draw() >> 2U) + 1);
    return priorities_[task];
  }

  std::uint64_t seed_;
  std::size_t depth_;
  SimulatedChance chance_;
  std::size_t longest_ = 64;  // estimated from the runs before
  std::size_t length_ = 0;
  std::vector<std::int64_t> priorities_;  // by task
  std::int64_t lowest_ = 0;
  std::vector<std::size_t> change_at_;
};

/// Every schedule with at most so many preemptions: changes from a task that could have gone on, timers before their
/// time, stops and stores that become visible on their own included. Changes from a task that cannot go on are free.
class DepthFirstStrategy : public SimulationStrategy {
 public:
  explicit DepthFirstStrategy(std::size_t preemptions) noexcept : bound_(preemptions) {}

  bool begin() override {
    depth_ = spent_ = 0;
    if (!std::exchange(begun_, true)) return true;
    while (!path_.empty() && path_.back().choice + 1 >= path_.back().count) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().choice;
    return true;
  }
  bool indifferent(std::uint64_t, bool may_stay) override { return may_stay && spent_ >= bound_; }
  std::size_t choose(const SimulatedDecision& decision) override {
    const std::size_t count = affordable(decision);
    if (count == 1) return 0;
    if (depth_ == path_.size()) path_.push_back({0, count, decision.at});
    const Choice& mine = path_[depth_++];
    diverged_ |= mine.count != count || mine.at != decision.at;
    const std::size_t choice = std::min(mine.choice, count - 1);
    if (choice >= free_ones(decision)) ++spent_;
    return choice;
  }
  std::string trouble() const override {
    return diverged_ ? "the same choices led elsewhere: something in the scenario is not under the simulation's control"
                     : "";
  }

 private:
  struct Choice {
    std::size_t choice = 0;
    std::size_t count = 0;
    std::uint64_t at = 0;
  };
  [[nodiscard]] static std::size_t free_ones(const SimulatedDecision& decision) noexcept {
    return decision.may_stay ? 1 : std::max<std::size_t>(decision.runnable, 1);
  }
  [[nodiscard]] std::size_t affordable(const SimulatedDecision& decision) const noexcept {
    return spent_ >= bound_ ? free_ones(decision) : decision.alternatives.size();
  }

  std::size_t bound_;
  std::vector<Choice> path_;
  std::size_t depth_ = 0;
  std::size_t spent_ = 0;
  bool begun_ = false;
  bool diverged_ = false;
};

/// Once, as recorded.
class ReplayStrategy : public SimulationStrategy {
 public:
  explicit ReplayStrategy(const SimulationTrace& trace) : deviations_(trace.deviations()) {}

  bool begin() override { return !std::exchange(begun_, true); }
  bool indifferent(std::uint64_t at, bool) override {
    return next_ >= deviations_.size() || deviations_[next_].at != at;
  }
  std::size_t choose(const SimulatedDecision& decision) override {
    if (indifferent(decision.at, false)) return 0;
    const std::size_t wanted = deviations_[next_++].choice;
    diverged_ |= wanted >= decision.alternatives.size();
    return std::min(wanted, decision.alternatives.size() - 1);
  }
  std::string trouble() const override {
    return diverged_ || next_ < deviations_.size() ? "the run did not follow the trace" : "";
  }

 private:
  std::vector<SimulationTrace::Deviation> deviations_;
  std::size_t next_ = 0;
  bool begun_ = false;
  bool diverged_ = false;
};

}  // namespace carpool::inline v0_1::detail

/// simulate(): runs a scenario under one schedule after another, and tells of the first one that fails.
#pragma once

#include <carpool/simulation/run.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {

class SimulationSearcher {
 public:
  SimulationSearcher(SimulationOptions options, std::function<void()> scenario)
      : options_(std::move(options)), scenario_(std::move(scenario)) {}

  SimulationReport run() {
    const auto started = std::chrono::steady_clock::now();
    search();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report_;
  }

 private:
  /// How often a run that passed is replayed, to see that it goes the same way.
  static constexpr std::uint64_t check_every = 1000;
  static constexpr std::size_t shrink_at_most = 400;

  void search() {
    report_.search = options_.search;
    const auto strategy = make_strategy();
    const std::uint64_t first_seed = options_.seed;
    while (report_.schedules < options_.schedules) {
      if (!strategy->begin()) {
        report_.complete = options_.search == SimulationSearch::depth_first;
        return;
      }
      // Depth first, the same choices must lead to the same end: the numbers drawn are the same each time.
      const bool by_seed = options_.search != SimulationSearch::depth_first;
      report_.seed = options_.seed = first_seed + (by_seed ? report_.schedules : 0);
      SimulationOutcome outcome = once(*strategy, false);
      ++report_.schedules;
      report_.steps += outcome.steps;
      if (const std::string trouble = strategy->trouble(); !outcome.failure && !trouble.empty()) {
        outcome.failure = SimulationFailure{SimulationFailure::Kind::diverged, trouble};
      }
      if (outcome.failure) return explain(std::move(outcome));
      if (options_.verify && report_.schedules % check_every == 1 && !replays(outcome)) return;
    }
  }

  [[nodiscard]] std::unique_ptr<SimulationStrategy> make_strategy() const {
    switch (options_.search) {
      case SimulationSearch::random: return std::make_unique<RandomStrategy>(options_.seed);
      case SimulationSearch::priorities: return std::make_unique<PctStrategy>(options_.seed, options_.depth);
      case SimulationSearch::depth_first: return std::make_unique<DepthFirstStrategy>(options_.preemptions);
      case SimulationSearch::replay: break;
    }
    return std::make_unique<ReplayStrategy>(options_.trace);
  }

  [[nodiscard]] SimulationOutcome once(SimulationStrategy& strategy, bool tells) {
    return Simulation(options_, strategy, tells).run(scenario_);
  }
  [[nodiscard]] SimulationOutcome replay(const SimulationTrace& trace, bool tells = false) {
    ReplayStrategy strategy(trace);
    static_cast<void>(strategy.begin());
    return once(strategy, tells);
  }

  [[nodiscard]] bool replays(const SimulationOutcome& outcome) {
    const SimulationOutcome again = replay(outcome.trace);
    if (again.hash == outcome.hash && again.failure.has_value() == outcome.failure.has_value()) return true;
    report_.failure = SimulationFailure{SimulationFailure::Kind::diverged,
                                        "a replay went another way: something in the scenario is not under the "
                                        "simulation's control (pointer order, real time, real chance ...)" +
                                            (outcome.failure ? "\nbefore that: " + outcome.failure->what : "")};
    report_.trace = outcome.trace;
    return false;
  }

  void explain(SimulationOutcome outcome) {
    report_.failure = outcome.failure;
    report_.trace = outcome.trace;
    report_.deviations_before = outcome.trace.deviations().size();
    const bool diverged = outcome.failure->kind == SimulationFailure::Kind::diverged;
    if (!options_.verify || diverged || !replays(outcome)) return;
    shrink(outcome);
    if (!replays(outcome)) return;
    outcome = replay(outcome.trace, true);
    report_.failure = outcome.failure;
    report_.trace = outcome.trace;
    report_.story = ending(std::move(outcome.story));
  }

  [[nodiscard]] static std::vector<std::string> ending(std::vector<std::string> story) {
    constexpr std::size_t lines = 200;
    if (story.size() <= lines) return story;
    story.erase(story.begin(), story.end() - lines);
    story.front() = "...";
    return story;
  }

  /// Delta debugging: leaves out ever smaller pieces of the trace as long as the run still fails for the same kind of
  /// reason.
  void shrink(SimulationOutcome& outcome) {
    std::size_t tries = 0;
    for (std::size_t piece = (outcome.trace.deviations().size() + 1) / 2; piece > 0 && tries < shrink_at_most;) {
      bool shorter = false;
      for (std::size_t from = 0; from < outcome.trace.deviations().size() && tries < shrink_at_most; ++tries) {
        const bool without = try_without(outcome, from, piece);
        shorter |= without;
        if (!without) from += piece;
      }
      if (!shorter || piece > outcome.trace.deviations().size()) piece /= 2;
    }
  }
  [[nodiscard]] bool try_without(SimulationOutcome& outcome, std::size_t from, std::size_t piece) {
    std::vector<SimulationTrace::Deviation> rest = outcome.trace.deviations();
    const auto first = rest.begin() + static_cast<std::ptrdiff_t>(from);
    rest.erase(first, first + static_cast<std::ptrdiff_t>(std::min(piece, rest.size() - from)));
    SimulationOutcome shorter = replay(SimulationTrace(std::move(rest)));
    const bool same = shorter.failure && shorter.failure->kind == outcome.failure->kind &&
                      shorter.trace.deviations().size() < outcome.trace.deviations().size();
    if (same) outcome = std::move(shorter);
    return same;
  }

  SimulationOptions options_;
  std::function<void()> scenario_;
  SimulationReport report_;
};

}  // namespace detail

/// Runs scenario once per schedule, until one fails, all are done, or there were options.schedules. A scenario makes
/// its own pool, spawns its own workers through SimulationBackend, and says what must hold by Simulation::check; each
/// run starts afresh. It must not depend on anything but the simulation: no real time, threads, chance, or the order of
/// addresses. Not to be called inside a scenario.
[[nodiscard]] inline SimulationReport simulate(SimulationOptions options, std::function<void()> scenario) {
  return detail::SimulationSearcher(std::move(options), std::move(scenario)).run();
}

/// Runs scenario once, everybody in turn and nobody slow: to see how a program fares in some situation, not to find
/// races. What it writes elsewhere is written once. Numbers are drawn by the seed.
[[nodiscard]] inline SimulationReport rehearse(std::function<void()> scenario, std::uint64_t seed = 1) {
  SimulationOptions options;
  options.search = SimulationSearch::replay;
  options.schedules = 1;
  options.seed = seed;
  options.max_steps = ~std::uint64_t{0};
  options.verify = false;
  return simulate(std::move(options), std::move(scenario));
}

}  // namespace carpool::inline v0_1

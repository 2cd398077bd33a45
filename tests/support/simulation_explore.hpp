/// Runs one scenario through every kind of search, within a budget.
#pragma once

#include <carpool/simulation/search.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "stress.hpp"

/// How far a scenario is explored; CARPOOL_STRESS multiplies it.
struct ExploringBudget {
  std::size_t preemptions = 2;
  std::uint64_t depth_first = 12'000;  // for each bound from 0 to `preemptions`
  std::uint64_t random = 5'000;
  std::uint64_t priorities = 5'000;
  carpool::Duration step_takes = carpool::Duration::zero();
  std::size_t early_timers = 1;
  carpool::SimulatedMemory memory = carpool::SimulatedMemory::delayed_stores;
  bool coarse = true;     // depth-first: nobody comes in between while somebody holds a lock
  std::size_t stops = 1;  // the same again where a worker may be stopped for long, so often in a run
  std::uint64_t depth_first_with_stops = 3'000;
  std::uint64_t random_with_stops = 2'000;
};

inline void tell_exploration(const carpool::SimulationReport& report, std::size_t bound = 0, const char* how = "") {
  std::string search = how + std::string(to_string(report.search));
  if (report.search == carpool::SimulationSearch::depth_first) search += ' ' + std::to_string(bound);
  std::printf("    %-22s %8llu schedules%s, %.0f per second\n", search.c_str(),
              static_cast<unsigned long long>(report.schedules), report.complete ? ", complete" : "",
              static_cast<double>(report.schedules) / (report.seconds + 1e-9));
}

/// CARPOOL_SIMULATION_TRACE="17:1 40:2", as a failing test prints it, with CARPOOL_SIMULATION_SEED and, for a
/// coarse depth-first one, CARPOOL_SIMULATION_COARSE=1.
[[nodiscard]] inline carpool::SimulationReport replay_by_environment(const char* trace,
                                                                     const std::function<void()>& scenario,
                                                                     const ExploringBudget& budget) {
  const char* const seed = std::getenv("CARPOOL_SIMULATION_SEED");
  return carpool::simulate({.search = carpool::SimulationSearch::replay,
                            .schedules = 1,
                            .seed = seed == nullptr ? 1 : std::stoull(seed),
                            .trace = carpool::SimulationTrace::parse(trace),
                            .stops = std::getenv("CARPOOL_SIMULATION_STOPS") != nullptr ? budget.stops : 0,
                            .coarse = std::getenv("CARPOOL_SIMULATION_COARSE") != nullptr,
                            .memory = budget.memory,
                            .step_takes = budget.step_takes},
                           scenario);
}

/// What all kinds of search have in common.
[[nodiscard]] inline carpool::SimulationOptions options_for(const ExploringBudget& budget,
                                                            carpool::SimulationSearch search, std::uint64_t schedules) {
  carpool::SimulationOptions options;
  options.search = search;
  options.schedules = stress_cycles(schedules);
  options.preemptions = budget.preemptions;
  options.depth = 4;
  if (search == carpool::SimulationSearch::depth_first) options.early_timers = budget.early_timers;
  options.coarse = search == carpool::SimulationSearch::depth_first && budget.coarse;
  options.memory = budget.memory;
  options.step_takes = budget.step_takes;
  return options;
}

/// Depth-first and at random, where workers may be stopped for long. Few other choices: that they are combined with
/// everything else is for the searches without.
[[nodiscard]] inline carpool::SimulationReport explore_stops(const std::function<void()>& scenario,
                                                             const ExploringBudget& budget) {
  using carpool::SimulationSearch;
  carpool::SimulationReport report;
  for (std::size_t bound = 1; bound <= 2 && report.ok(); ++bound) {
    auto options = options_for(budget, SimulationSearch::depth_first, budget.depth_first_with_stops);
    options.preemptions = bound;
    options.early_timers = 0;
    options.memory = carpool::SimulatedMemory::sequential;
    options.stops = budget.stops;
    report = carpool::simulate(options, scenario);
    tell_exploration(report, bound, "stopped_");
  }
  if (!report.ok()) return report;
  auto options = options_for(budget, SimulationSearch::random, budget.random_with_stops);
  options.stops = budget.stops;
  report = carpool::simulate(options, scenario);
  tell_exploration(report, 0, "stopped_");
  return report;
}

/// Each kind of search in turn, until one finds something.
[[nodiscard]] inline carpool::SimulationReport explore(const std::function<void()>& scenario,
                                                       const ExploringBudget& budget = {}) {
  using carpool::SimulationSearch;
  if (const char* const trace = std::getenv("CARPOOL_SIMULATION_TRACE")) {
    return replay_by_environment(trace, scenario, budget);
  }
  carpool::SimulationReport report;
  // A small bound first, to its end: where the number of schedules is limited, the ends of runs are explored alone.
  for (std::size_t bound = 0; bound <= budget.preemptions && report.ok(); ++bound) {
    auto options = options_for(budget, SimulationSearch::depth_first, budget.depth_first);
    options.preemptions = bound;
    report = carpool::simulate(options, scenario);
    tell_exploration(report, bound);
  }
  if (report.ok() && budget.stops > 0) report = explore_stops(scenario, budget);
  const std::pair<SimulationSearch, std::uint64_t> by_chance[] = {{SimulationSearch::random, budget.random},
                                                                  {SimulationSearch::priorities, budget.priorities}};
  for (const auto& [search, schedules] : by_chance) {
    if (!report.ok()) return report;
    report = carpool::simulate(options_for(budget, search, schedules), scenario);
    tell_exploration(report);
  }
  return report;
}

/// For a scenario that must hold.
inline void expect_holds(const std::function<void()>& scenario, const ExploringBudget& budget = {}) {
  const carpool::SimulationReport report = explore(scenario, budget);
  EXPECT_TRUE(report.ok()) << report.to_string();
}

/// For a fault that was put in: it must be found.
inline void expect_found(carpool::SimulationFailure::Kind kind, const std::function<void()>& scenario,
                         const ExploringBudget& budget = {}) {
  const carpool::SimulationReport report = explore(scenario, budget);
  ASSERT_FALSE(report.ok()) << "the fault was not found";
  EXPECT_EQ(report.failure->kind, kind) << report.to_string();
}

/// Runs one scenario through every kind of search, within a budget.
#pragma once

#include <carpool/simulation_search.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

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
  bool coarse = true;  // depth-first: nobody comes in between while somebody holds a lock
};

inline void tell_exploration(const carpool::SimulationReport& report, std::size_t bound = 0) {
  std::string search(to_string(report.search));
  if (report.search == carpool::SimulationSearch::depth_first) search += ' ' + std::to_string(bound);
  std::printf("    %-14s %8llu schedules%s, %.0f per second\n", search.c_str(),
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
                            .coarse = std::getenv("CARPOOL_SIMULATION_COARSE") != nullptr,
                            .memory = budget.memory,
                            .step_takes = budget.step_takes},
                           scenario);
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
    report = carpool::simulate({.search = SimulationSearch::depth_first,
                                .schedules = stress_cycles(budget.depth_first),
                                .preemptions = bound,
                                .early_timers = budget.early_timers,
                                .coarse = budget.coarse,
                                .memory = budget.memory,
                                .step_takes = budget.step_takes},
                               scenario);
    tell_exploration(report, bound);
  }
  if (!report.ok()) return report;
  report = carpool::simulate({.search = SimulationSearch::random,
                              .schedules = stress_cycles(budget.random),
                              .memory = budget.memory,
                              .step_takes = budget.step_takes},
                             scenario);
  tell_exploration(report);
  if (!report.ok()) return report;
  report = carpool::simulate({.search = SimulationSearch::priorities,
                              .schedules = stress_cycles(budget.priorities),
                              .depth = 4,
                              .memory = budget.memory,
                              .step_takes = budget.step_takes},
                             scenario);
  tell_exploration(report);
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

/// Mutants of memory orders: each order that a file asks for is left out in turn, and some scenario must notice.
#pragma once

#include <carpool/simulation/search.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using Scenarios = std::vector<std::function<void()>>;

struct WeakeningBudget {
  std::size_t preemptions = 4;
  std::uint64_t schedules = 60'000;  // of each scenario, for each order
  std::size_t early_timers = 1;
};

/// Every schedule within the budget, in a memory of views, without one of its orders.
[[nodiscard]] inline carpool::SimulationReport run_weakened(const std::function<void()>& scenario,
                                                            carpool::SimulationOrders& orders,
                                                            const WeakeningBudget& budget) {
  carpool::SimulationReport report;
  for (std::size_t bound = 0; bound <= budget.preemptions && report.ok(); ++bound) {
    report = carpool::simulate({.search = carpool::SimulationSearch::depth_first,
                                .schedules = budget.schedules,
                                .preemptions = bound,
                                .max_steps = 5'000,
                                .early_timers = budget.early_timers,
                                .coarse = true,
                                .memory = carpool::SimulatedMemory::views,
                                .orders = &orders},
                               scenario);
  }
  return report;
}

/// The orders that the scenarios come across, in the files of which one is named.
[[nodiscard]] inline std::vector<std::string> orders_in(std::string_view file, const Scenarios& scenarios,
                                                        const WeakeningBudget& budget) {
  carpool::SimulationOrders orders;
  for (const auto& scenario : scenarios) {
    const carpool::SimulationReport report = run_weakened(scenario, orders, budget);
    EXPECT_TRUE(report.ok()) << report.to_string();
    std::printf("    nothing left out: %llu schedules%s\n", static_cast<unsigned long long>(report.schedules),
                report.complete ? ", complete" : "");
  }
  std::vector<std::string> found;
  for (const std::string& site : orders.sites()) {
    if (site.substr(0, site.find(':')) == file) found.push_back(site);
  }
  return found;
}

/// What notices; empty: nothing.
[[nodiscard]] inline std::string look_without(const std::string& order, const Scenarios& scenarios,
                                              const WeakeningBudget& budget) {
  for (const auto& scenario : scenarios) {
    carpool::SimulationOrders orders;
    orders.weaken(order);
    const carpool::SimulationReport report = run_weakened(scenario, orders, budget);
    if (!report.ok()) return std::string(to_string(report.failure->kind)) + ": " + report.failure->what;
  }
  return {};
}

/// The same in a process of its own, because what is wrong may also crash.
[[nodiscard]] inline std::string found_without(const std::string& order, const Scenarios& scenarios,
                                               const WeakeningBudget& budget) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string found = look_without(order, scenarios, budget);
    ::_exit(::write(ends[1], found.data(), found.size()) == static_cast<ssize_t>(found.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string found;
  char piece[512];
  for (ssize_t size = 0; (size = ::read(ends[0], piece, sizeof piece)) > 0;) {
    found.append(piece, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return {};
  return found.empty() && status != 0 ? "crash: status " + std::to_string(status) : found;
}

/// At least so many, or the scenarios do not reach what they are to show.
inline void expect_each_order_matters(std::string_view file, std::size_t at_least, const Scenarios& scenarios,
                                      const WeakeningBudget& budget = {}) {
  const std::vector<std::string> orders = orders_in(file, scenarios, budget);
  EXPECT_GE(orders.size(), at_least);
  for (const std::string& order : orders) {
    const std::string found = found_without(order, scenarios, budget);
    std::printf("    without %-40s %s\n", order.c_str(), found.substr(0, found.find('\n')).c_str());
    EXPECT_FALSE(found.empty()) << "nobody misses " << order;
  }
}

/// Runs all combinations by turns, then the sizes of pool, and returns everything that was found out.
#pragma once

#include "conductor.hpp"
#include "options.hpp"
#include "recommendation.hpp"
#include "results.hpp"

#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace carpool::compare {

/// Used once, by one thread.
class Comparison {
 public:
  Comparison(const Options& options, Endpoint endpoint, EchoServer* server, Progress& progress)
      : options_(options), endpoint_(std::move(endpoint)), conductor_(server, progress), progress_(progress) {
    results_.machine = machine_facts();
    results_.workload = options.workload;
    results_.embedded = server != nullptr;
    results_.server =
        server != nullptr ? "embedded loopback server" : endpoint_.to_string() + ", " + endpoint_.request();
  }

  /// What run() will take, in seconds.
  [[nodiscard]] double expected_seconds() const {
    const auto turns = static_cast<double>(combinations_of(options_.selection).size() * options_.workload.rounds);
    return turns * Conductor::expected_seconds(options_.workload) + expected_sweep_seconds();
  }

  /// Throws RunFailure naming the combination that could not be run.
  [[nodiscard]] Results run() {
    const MachineMeter meter;
    progress_.expect(expected_seconds());
    run_combinations();
    if (options_.sweep) run_sweeps();
    results_.machine.used_by_others = meter.used_by_others();
    progress_.clear();
    return std::move(results_);
  }

 private:
  void run_combinations() {
    const auto combinations = combinations_of(options_.selection);
    std::vector<std::vector<Sample>> samples(combinations.size());
    for (std::size_t round = 1; round <= options_.workload.rounds; ++round) {
      for (std::size_t i = 0; i < combinations.size(); ++i) {
        progress_.begin(fmt::format("round {} of {}: {}", round, options_.workload.rounds, to_string(combinations[i])));
        samples[i].push_back(run_one(combinations[i], options_.workload));
      }
    }
    for (std::size_t i = 0; i < combinations.size(); ++i) {
      results_.rows.push_back(make_row(combinations[i], options_.workload, samples[i]));
    }
  }

  Sample run_one(const Combination& combination, const Workload& workload) {
    try {
      return conductor_.run({combination, workload, endpoint_, options_.watch});
    } catch (const std::exception& error) {
      throw RunFailure(to_string(combination) + ": " + error.what());
    }
  }

  /// The combination to try other sizes with: the best of each backend that has several workers.
  [[nodiscard]] std::vector<Combination> combinations_to_sweep() const {
    std::vector<Combination> chosen;
    for (const auto backend : options_.selection.backends) {
      const Row* best = recommend(Scenario::steady, rows_of(results_, backend));
      if (best->workers > 1) chosen.push_back(best->combination);
    }
    return chosen;
  }

  /// 1, 2, 4 ... up to the number of workers: more connections than workers cannot be used.
  [[nodiscard]] std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> sizes;
    for (std::size_t size = 1; size < options_.workload.workers && size <= 256; size *= 2) sizes.push_back(size);
    sizes.push_back(options_.workload.workers);
    return sizes;
  }

  /// A quarter of the time that a row gets, in three rounds, is enough to see a doubling.
  [[nodiscard]] Workload sweep_workload(std::size_t size) const {
    Workload workload = options_.workload;
    workload.pool_size = size;
    workload.min_idle = std::min(workload.min_idle, size);
    workload.seconds /= 4;
    workload.rounds = 3;
    return workload;
  }

  [[nodiscard]] double expected_sweep_seconds() const {
    if (!options_.sweep || options_.workload.workers < 2) return 0;
    std::size_t concurrent = 0;
    for (const auto backend : options_.selection.backends) concurrent += backend != BackendKind::single;
    return static_cast<double>(concurrent * sizes().size() * 3) * Conductor::expected_seconds(sweep_workload(1));
  }

  void run_sweeps() {
    for (const auto& combination : combinations_to_sweep()) {
      results_.sweeps.push_back(sweep(combination));
      take_from_table(results_.sweeps.back(), results_.rows);
    }
  }

  /// By turns too: a disturbance of the machine must not hit one size alone.
  Sweep sweep(const Combination& combination) {
    const auto all = sizes();
    std::vector<std::vector<Sample>> samples(all.size());
    for (std::size_t round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        progress_.begin(fmt::format("pool of {}: {}", all[i], to_string(combination)));
        samples[i].push_back(run_one(combination, sweep_workload(all[i])));
      }
    }
    Sweep found{combination, {}};
    for (std::size_t i = 0; i < all.size(); ++i) {
      found.points.push_back({all[i], make_row(combination, sweep_workload(all[i]), samples[i])});
    }
    return found;
  }

  const Options& options_;
  const Endpoint endpoint_;
  Conductor conductor_;
  Progress& progress_;
  Results results_;
};

}  // namespace carpool::compare

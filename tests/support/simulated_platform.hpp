/// Simulated threads for what else stands on real ones.
#pragma once

#include <carpool/simulation_backend.hpp>

#include <cstdint>

struct SimulatedPlatform {
  using Site = carpool::SourceLocation;
  template <class T>
  using Atomic = carpool::SimulationAtomic<T>;
  using FutexWord = Atomic<std::uint32_t>;

  static void light_barrier(Site site = Site::current()) noexcept { carpool::SimulationBackend::light_barrier(site); }
  static void heavy_barrier(Site site = Site::current()) noexcept { carpool::SimulationBackend::heavy_barrier(site); }

  /// The kernel compares and puts to sleep in one step. Nobody learns anything by it.
  static bool futex_wait(FutexWord& word, std::uint32_t expected, carpool::TimePoint deadline,
                         Site site = Site::current()) {
    carpool::Simulation& run = carpool::Simulation::current();
    run.before(carpool::detail::SimulatedOperation::park, site);
    run.self().flush();
    if (word.in_memory() != expected) return true;
    if (run.now() < deadline) run.block(&word, deadline);
    return run.now() < deadline;
  }
  static void futex_wake_one(const FutexWord* word, Site site = Site::current()) noexcept {
    carpool::Simulation& run = carpool::Simulation::current();
    run.before(carpool::detail::SimulatedOperation::rouse, site);
    run.self().flush();
    run.wake_one_that_waits_for(word);
  }
};

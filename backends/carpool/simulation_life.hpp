/// Finds uses of what is gone.
#pragma once

#include <carpool/simulation_run.hpp>

namespace carpool::detail {

/// A member of what may be used too late. The memory of what is gone is mostly still there, so late uses are mostly
/// found.
class SimulatedLife {
 public:
  SimulatedLife() = default;
  SimulatedLife(const SimulatedLife&) = delete;
  SimulatedLife& operator=(const SimulatedLife&) = delete;
  ~SimulatedLife() { alive_ = false; }

  void check(Simulation& run, const char* what) const noexcept {
    if (!alive_) run.fail(SimulationFailure::Kind::misuse, run.self().name + " uses a " + what + " that is gone");
  }

 private:
  volatile bool alive_ = true;
};

}  // namespace carpool::detail

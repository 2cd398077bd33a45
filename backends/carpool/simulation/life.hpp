/// Finds uses of what is gone.
#pragma once

#include <carpool/simulation/run.hpp>

#include <cstdint>

namespace carpool::inline v0_1::detail {

/// A member of what may be used too late. The memory of what is gone is still there, and has something else in it now,
/// or has not, so late uses are found unless somebody like it has come to the same place.
class SimulatedLife {
 public:
  SimulatedLife() = default;
  SimulatedLife(const SimulatedLife&) = delete;
  SimulatedLife& operator=(const SimulatedLife&) = delete;
  ~SimulatedLife() { state_ = 0; }

  void check(Simulation& run, const char* what) const noexcept {
    if (state_ != alive)
      run.fail(SimulationFailure::Kind::misuse, run.self().name + " uses a " + what + " that is gone");
  }

 private:
  static constexpr std::uint32_t alive = 0x600d11fe;

  volatile std::uint32_t state_ = alive;  // volatile: the last store of a life is one
};

}  // namespace carpool::inline v0_1::detail

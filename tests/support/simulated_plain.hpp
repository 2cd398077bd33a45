/// A variable that is no atomic, in a simulation: finds data races.
#pragma once

#include <carpool/simulation/run.hpp>

#include <cstdint>
#include <map>

/// In a memory of views, each access must know of all accesses before it, unless both only read. In others nothing is
/// checked.
class SimulatedPlain {
 public:
  void write() {
    if (carpool::Simulation::current().options().memory != carpool::SimulatedMemory::views) return;
    read();
    for (const auto& [task, moment] : reads_) expect_known(moment);
    write_ = carpool::Simulation::current().moment();
  }
  void read() {
    carpool::Simulation& run = carpool::Simulation::current();
    if (run.options().memory != carpool::SimulatedMemory::views) return;
    expect_known(write_);
    reads_[run.self().id] = run.moment();
  }

 private:
  using Moment = carpool::detail::SimulatedMoment;

  static void expect_known(const Moment& moment) {
    carpool::Simulation::check(carpool::Simulation::current().self().view.knows(moment), "a data race");
  }

  Moment write_;
  std::map<std::uint32_t, Moment> reads_;  // by task
};

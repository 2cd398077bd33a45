/// What the workers do: the numbers of one scenario, with the defaults of each.
#pragma once

#include "axes.hpp"

#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>

namespace carpool::compare {

/// One workload, run under every combination.
struct Workload {
  Scenario scenario = Scenario::steady;
  std::size_t workers = 32;        ///< tasks that ask for connections; SingleBackend always has one
  std::size_t pool_size = 8;       ///< PoolOptions::max_size
  std::size_t min_idle = 0;        ///< PoolOptions::min_idle
  std::size_t request_size = 128;  ///< bytes sent, and echoed, per request
  std::size_t discard_every = 0;   ///< every n-th lease of a worker is discarded; 0 = none is
  Duration think_time{};           ///< a worker's pause between two requests, without a connection
  Duration work_time{};            ///< how long a connection is kept beyond the round trip, as a server's work would
  Duration connect_delay{};        ///< added to every connect, as a handshake would
  double seconds = 2;              ///< measured per combination, over all its rounds
  std::size_t rounds = 5;          ///< each combination is measured so often, by turns with the others
};

/// Time given to a combination before its figures count.
inline constexpr Duration warm_up_time = std::chrono::milliseconds(100);

/// A request that takes longer has failed.
inline constexpr Duration request_timeout = std::chrono::seconds(5);

/// What a worker does after a failure, as a server that answers "try later" would: otherwise an outage would measure
/// how fast the pool can refuse.
inline constexpr Duration pause_after_failure = std::chrono::milliseconds(5);

/// How long the pool stops dialling a dead server, in an outage of a second or so: its own default (100 ms to 5 s) is
/// made for longer ones.
inline constexpr Duration outage_backoff_initial = std::chrono::milliseconds(50);
inline constexpr Duration outage_backoff_max = std::chrono::milliseconds(250);

/// The workload of a scenario where the user says nothing else.
[[nodiscard]] inline Workload defaults_for(Scenario scenario) {
  using std::chrono::milliseconds;
  Workload workload{.scenario = scenario};
  if (scenario == Scenario::churn) workload.discard_every = 10;
  if (scenario == Scenario::outage) {
    workload.seconds = 3;
    workload.rounds = 1;
  }
  if (scenario == Scenario::spike) {
    workload.workers = 50;
    workload.pool_size = 50;
    workload.min_idle = 5;
    workload.work_time = milliseconds(2);
    workload.connect_delay = milliseconds(150);
    workload.rounds = 3;
  }
  return workload;
}

/// SingleBackend has one worker by nature; the others have as many as were asked for.
[[nodiscard]] inline std::size_t workers_on(BackendKind backend, const Workload& workload) {
  return backend == BackendKind::single ? 1 : workload.workers;
}

}  // namespace carpool::compare

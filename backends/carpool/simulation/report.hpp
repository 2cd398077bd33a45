/// What a simulation is told, and what it tells.
#pragma once

#include <carpool/simulation/memory.hpp>
#include <carpool/simulation/trace.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1 {

/// How schedules are chosen.
enum class SimulationSearch : std::uint8_t {
  random,       ///< by the seed
  priorities,   ///< by the seed: PCT, which finds bugs of a given depth with a known probability
  depth_first,  ///< all of them, with at most so many preemptions
  replay,       ///< the one that the trace tells
};

[[nodiscard]] constexpr std::string_view to_string(SimulationSearch search) noexcept {
  constexpr std::string_view names[] = {"random", "priorities", "depth_first", "replay"};
  return names[static_cast<std::size_t>(search)];
}

/// For designated initialisers, in this order.
struct SimulationOptions {
  SimulationSearch search = SimulationSearch::random;  ///< how each schedule is chosen
  std::uint64_t schedules = 1000;                      ///< at most so many
  std::uint64_t seed = 1;                              ///< of chance: the strategy's, and what random() draws
  std::size_t preemptions = 2;                         ///< depth_first: the bound
  std::size_t depth = 3;                               ///< priorities: of the bugs that are looked for
  SimulationTrace trace = {};                          ///< replay
  std::uint64_t max_steps = 100'000;                   ///< a run that takes more goes round in circles
  std::size_t early_timers = 2;                     ///< how often in a run time may pass although somebody could go on
  Duration slow_at_most = std::chrono::seconds(1);  ///< and by how much each time
  /// How often in a run a worker may be stopped at any operation, but where it holds a mutex or is about to rouse
  /// somebody: by a signal handler, a debugger, a fiber of the same thread that computes. Tasks of spawn_background are
  /// not stopped.
  std::size_t stops = 0;
  Duration stopped_for = std::chrono::seconds(2);  ///< each time; the others' deadlines pass meanwhile
  /// Fewer points, so that depth_first gets farther: nobody comes in between while a mutex is held, when it has just
  /// been given back, or before a sleeper is roused. What that hides is a slow task's doing, which timers show as well.
  bool coarse = false;
  SimulatedMemory memory = SimulatedMemory::delayed_stores;  ///< what others see late
  SimulationOrders* orders = nullptr;      ///< where not null: is told of each memory order, and may weaken one
  Duration step_takes = Duration::zero();  ///< how far each step moves the clock
  Duration start = std::chrono::hours(1);  ///< what the clock shows at first
  bool verify = true;  ///< replays some runs, to see that they go the same way, and shrinks what fails
};

/// Why a run failed.
struct SimulationFailure {
  enum class Kind : std::uint8_t {
    law,       ///< a check or an invariant did not hold
    thrown,    ///< an exception left a task
    deadlock,  ///< somebody waits, and nobody is left who could end that: a lost wake-up, mostly
    livelock,  ///< more steps than max_steps
    misuse,    ///< a mutex that is locked twice, and the like
    diverged,  ///< the same choices led elsewhere
  };
  Kind kind = Kind::law;  ///< replays and shrinking look for the same kind
  std::string what;       ///< the check's own words, the exception's, or who waits for what
};

[[nodiscard]] constexpr std::string_view to_string(SimulationFailure::Kind kind) noexcept {
  constexpr std::string_view names[] = {"law broken", "exception", "deadlock", "livelock", "misuse", "divergence"};
  return names[static_cast<std::size_t>(kind)];
}

/// One run.
struct SimulationOutcome {
  std::optional<SimulationFailure> failure;  ///< none: the run ended well
  SimulationTrace trace;                     ///< of the choices that were not the default ones; it replays the run
  std::uint64_t steps = 0;                   ///< how often it was asked who goes on, or how old a value is
  std::uint64_t hash = 0;                    ///< of who did what in which order
  std::vector<std::string> story;            ///< one line per event, where the run was told to tell; else empty
};

/// All runs of one simulate().
struct SimulationReport {
  std::uint64_t schedules = 0;                         ///< how many were run
  std::uint64_t steps = 0;                             ///< in all
  double seconds = 0;                                  ///< of real time
  bool complete = false;                               ///< depth_first: there is no other schedule within the bound
  std::optional<SimulationFailure> failure;            ///< the first; the search ended with it
  SimulationSearch search = SimulationSearch::random;  ///< as the options said
  std::uint64_t seed = 0;                              ///< of the failing run
  SimulationTrace trace;              ///< of the failing run, shrunk; replaying it fails in the same way
  std::size_t deviations_before = 0;  ///< how many the trace had before it was shrunk
  std::vector<std::string> story;     ///< who did what in the shrunk run

  [[nodiscard]] bool ok() const noexcept { return !failure; }  ///< no run failed

  /// For a person: one line, and after a failure its kind, seed, trace and story.
  [[nodiscard]] std::string to_string() const {
    std::string text = std::to_string(schedules) + " schedules, " + std::to_string(steps) + " steps, " +
                       (complete ? "complete, " : "") + std::string(carpool::to_string(search)) + ", " +
                       std::to_string(static_cast<std::uint64_t>(static_cast<double>(schedules) / (seconds + 1e-9))) +
                       " schedules/s";
    if (!failure) return text;
    text += "\n" + std::string(carpool::to_string(failure->kind)) + ": " + failure->what + "\nseed " +
            std::to_string(seed) + ", trace \"" + trace.to_string() + "\" (" +
            std::to_string(trace.deviations().size()) + " of " + std::to_string(deviations_before) +
            " deviations were needed)\n";
    for (const std::string& line : story) text += "  " + line + "\n";
    return text;
  }
};

}  // namespace carpool::inline v0_1

/// What a simulated schedule is made of: the operations at which tasks may change, and the choices made there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {

/// The operations at which another task may come in between.
enum class SimulatedOperation : std::uint8_t {
  start,          ///< its first step
  lock,           ///< takes a mutex
  unlock,         ///< has given a mutex back
  park,           ///< sleeps until it is unparked
  unpark,         ///< leaves a token
  rouse,          ///< wakes who has been left a token
  load,           ///< reads an atomic
  store,          ///< writes an atomic
  modify,         ///< reads and writes an atomic at once
  barrier,        ///< passes a barrier
  sleep,          ///< sleeps
  spawn,          ///< starts a task
  join,           ///< waits for a task's end
  random,         ///< draws a number
  network,        ///< connects, reads, writes or closes
  step_of_users,  ///< says so itself: Simulation::step
};

[[nodiscard]] constexpr std::string_view to_string(SimulatedOperation operation) noexcept {
  constexpr std::string_view names[] = {"start",  "lock",    "unlock", "park",  "unpark", "rouse",  "load",    "store",
                                        "modify", "barrier", "sleep",  "spawn", "join",   "random", "network", "step"};
  return names[static_cast<std::size_t>(operation)];
}

/// SplitMix64: small, fast, and the same on every machine.
class SimulatedChance {
 public:
  explicit SimulatedChance(std::uint64_t seed = 0) noexcept : state_(seed) { state_ = draw(); }
  [[nodiscard]] std::uint64_t draw() noexcept {
    std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept { return draw() % bound; }
  [[nodiscard]] bool one_in(std::size_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// Who may go next.
struct SimulatedAlternative {
  enum class Kind : std::uint8_t {
    run,    ///< a task that can run
    timer,  ///< the sleeper whose time comes next, although others can run: these are slow
    flush,  ///< the oldest delayed store of a task becomes visible
    stale,  ///< a load sees what was stored before
    stop,   ///< the task that runs is stopped for a long time, and holds nothing up meanwhile
  };
  Kind kind = Kind::run;
  std::uint32_t task = 0;
};

}  // namespace detail

/// A schedule, told by its deviations: at step `at`, the alternative numbered `choice` instead of number 0. Number 0
/// is: whoever runs goes on; if it cannot, the next one by number.
class SimulationTrace {
 public:
  struct Deviation {
    std::uint64_t at = 0;
    std::size_t choice = 0;
    friend bool operator==(const Deviation&, const Deviation&) = default;
  };

  SimulationTrace() = default;
  explicit SimulationTrace(std::vector<Deviation> deviations) noexcept : deviations_(std::move(deviations)) {}

  /// "17:1 40:2", as a failing run prints it. Throws std::invalid_argument.
  [[nodiscard]] static SimulationTrace parse(std::string_view text) {
    SimulationTrace trace;
    while (!(text = text.substr(std::min(text.find_first_not_of(' '), text.size()))).empty()) {
      const std::string_view word = text.substr(0, text.find(' '));
      trace.deviations_.push_back(parse_one(word));
      text.remove_prefix(word.size());
    }
    return trace;
  }
  [[nodiscard]] std::string to_string() const {
    std::string text;
    for (const Deviation& each : deviations_) {
      text += (text.empty() ? "" : " ") + std::to_string(each.at) + ':' + std::to_string(each.choice);
    }
    return text;
  }

  void add(std::uint64_t at, std::size_t choice) { deviations_.push_back({at, choice}); }
  [[nodiscard]] const std::vector<Deviation>& deviations() const noexcept { return deviations_; }
  friend bool operator==(const SimulationTrace&, const SimulationTrace&) = default;

 private:
  [[nodiscard]] static Deviation parse_one(std::string_view word) {
    const std::size_t colon = word.find(':');
    const bool digits = word.find_first_not_of("0123456789:") == std::string_view::npos;
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == word.size() || !digits) {
      throw std::invalid_argument("a trace has words like 17:1, not '" + std::string(word) + "'");
    }
    return {std::stoull(std::string(word.substr(0, colon))), std::stoul(std::string(word.substr(colon + 1)))};
  }

  std::vector<Deviation> deviations_;  // by ascending `at`
};

}  // namespace carpool::inline v0_1

/// What a simulation tells of a failure, and the simulation of code that is in none.
#pragma once

#include <carpool/simulation/run.hpp>
#include <carpool/simulation/words.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace carpool::inline v0_1 {

inline void Simulation::fail(SimulationFailure::Kind kind, const std::string& what) {
  inspecting_ = false;
  if (!failure_) failure_ = SimulationFailure{kind, what};
  if (of_thread_) {
    std::fprintf(stderr, "simulation: %s\n", what.c_str());
    std::abort();
  }
  if (self_ != &outside_) switch_to(outside_);  // for good
}

inline void Simulation::tell(const std::string& what) {
  if (!tells_ || self_ == &outside_) return;
  story_.push_back(detail::words_for(now_ - TimePoint{} - options_.start) + "  " + self_->name + ": " + what);
}

inline std::string Simulation::describe(const Task& task) const {
  std::string text = task.name + ": " + std::string(detail::to_string(task.doing)) + " " + detail::words_for(task.site);
  if (task.state == Task::State::runnable) return text + ", can go on";
  text += ", since " + detail::words_for(task.since - TimePoint{} - options_.start);
  if (task.wake_at != never) text += ", until " + detail::words_for(task.wake_at - TimePoint{} - options_.start);
  text += whom_it_waits_for(task);
  if (!task.mutexes.empty()) text += ", holding " + std::to_string(task.mutexes.size()) + " mutex(es)";
  return text;
}

/// Where it can be known: who is to unpark a sleeper cannot.
inline std::string Simulation::whom_it_waits_for(const Task& task) const {
  if (task.waits_for == nullptr) return {};
  for (const auto& other : tasks_) {
    if (task.waits_for == other.get()) return ", for the end of " + other->name;
    const auto& its = other->mutexes;
    if (std::find(its.begin(), its.end(), task.waits_for) != its.end()) return ", for what " + other->name + " holds";
  }
  return task.doing == Operation::park ? ", for somebody to unpark it" : "";
}

inline std::string Simulation::who_waits() const {
  std::string text;
  for (const auto& task : tasks_) {
    if (task->state != Task::State::done) text += "  " + describe(*task) + "\n";
  }
  return text;
}

/// The simulation of code that runs outside of simulate(): the thread's own stack is its first task.
class SimulationThread {
 public:
  SimulationThread() : strategy_(1), simulation_(options(), strategy_, false) {
    static_cast<void>(strategy_.begin());
    simulation_.of_thread_ = true;
    auto& task = *simulation_.tasks_.emplace_back(std::make_unique<detail::SimulatedTask>());
    task.name = "the thread";
    task.chance = detail::SimulatedChance(1);
    simulation_.self_ = &task;
  }
  [[nodiscard]] Simulation& simulation() noexcept { return simulation_; }

 private:
  [[nodiscard]] static SimulationOptions options() {
    SimulationOptions options;
    options.max_steps = ~std::uint64_t{0};
    options.early_timers = 0;
    options.step_takes = std::chrono::nanoseconds(100);  // so that whoever waits by looking at the clock gets on
    return options;
  }

  detail::RandomStrategy strategy_;
  Simulation simulation_;
};

inline Simulation& Simulation::of_thread() {
  static thread_local SimulationThread thread;
  return thread.simulation();
}

}  // namespace carpool::inline v0_1

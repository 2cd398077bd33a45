/// Mutexes, parking slots and tasks whose every operation is seen by the Simulation.
#pragma once

#include <carpool/simulation/life.hpp>
#include <carpool/simulation/run.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Whoever comes while it is held waits; which of them gets it next is up to the schedule.
class SimulationMutex {
 public:
  SimulationMutex() = default;
  SimulationMutex(const SimulationMutex&) = delete;
  SimulationMutex& operator=(const SimulationMutex&) = delete;

  void lock(SourceLocation site = SourceLocation::current()) {
    Simulation& run = Simulation::current();
    if (run.inspecting()) {  // nothing else can run meanwhile
      if (owner_ != nullptr) throw detail::StateIsBusy();
      return;
    }
    run.before(detail::SimulatedOperation::lock, site);
    life_.check(run, "mutex");
    if (owner_ == &run.self()) run.fail(SimulationFailure::Kind::misuse, run.self().name + " locks what it holds");
    for (; owner_ != nullptr; --waiting_) {
      ++waiting_;
      run.block(this, never);
    }
    owner_ = &run.self();
    owner_->flush();
    owner_->view.join(view_);
    owner_->mutexes.push_back(this);
  }
  void unlock(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    if (run.inspecting()) return;
    if (owner_ != &run.self())
      run.fail(SimulationFailure::Kind::misuse, run.self().name + " unlocks what it holds not");
    owner_->flush();
    view_ = owner_->view;
    std::erase(owner_->mutexes, this);
    owner_ = nullptr;
    if (waiting_ > 0) run.wake_all_that_wait_for(this);
    run.after(detail::SimulatedOperation::unlock, site);  // *this may be gone after it
  }

 private:
  detail::SimulatedTask* owner_ = nullptr;
  std::size_t waiting_ = 0;
  detail::SimulatedView view_;  // its last owner's
  detail::SimulatedLife life_;
};

/// Rouses whom unpark() found asleep, when its life ends. Until then the sleeper does not know of its token: as with a
/// futex.
class [[nodiscard]] SimulationWakeup {
 public:
  SimulationWakeup() = default;
  SimulationWakeup(detail::SimulatedTask& sleeper, const SourceLocation& site) noexcept
      : sleeper_(&sleeper), nap_(sleeper.blocked_times), site_(site) {}
  SimulationWakeup(SimulationWakeup&& other) noexcept
      : sleeper_(std::exchange(other.sleeper_, nullptr)), nap_(other.nap_), site_(other.site_) {}
  SimulationWakeup& operator=(SimulationWakeup&& other) noexcept {
    if (this != &other) {
      rouse();
      sleeper_ = std::exchange(other.sleeper_, nullptr);
      nap_ = other.nap_;
      site_ = other.site_;
    }
    return *this;
  }
  ~SimulationWakeup() { rouse(); }

 private:
  void rouse() noexcept {
    detail::SimulatedTask* const sleeper = std::exchange(sleeper_, nullptr);
    if (sleeper == nullptr) return;
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::rouse, site_);
    run.self().flush();
    run.look_who_is_roused(*sleeper);
    if (sleeper->blocked_times == nap_) run.wake(*sleeper);  // else it has gone on by itself meanwhile
  }

  detail::SimulatedTask* sleeper_ = nullptr;
  std::uint64_t nap_ = 0;
  SourceLocation site_;
};

class SimulationParkingSlot {
 public:
  SimulationParkingSlot() = default;
  SimulationParkingSlot(const SimulationParkingSlot&) = delete;
  SimulationParkingSlot& operator=(const SimulationParkingSlot&) = delete;

  bool park_until(TimePoint deadline, SourceLocation site = SourceLocation::current()) {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::park, site);
    while (!token_ && run.now() < deadline) {
      sleeper_ = &run.self();
      run.block(this, deadline);
      sleeper_ = nullptr;
    }
    if (token_) run.self().view.join(view_);
    return std::exchange(token_, false);
  }
  SimulationWakeup unpark(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::unpark, site);
    life_.check(run, "parking slot");
    run.self().flush();
    view_.join(run.self().view);
    token_ = true;
    return sleeper_ == nullptr ? SimulationWakeup() : SimulationWakeup(*sleeper_, site);
  }

 private:
  bool token_ = false;
  detail::SimulatedView view_;                // of all who left a token
  detail::SimulatedTask* sleeper_ = nullptr;  // while it is blocked in here
  detail::SimulatedLife life_;
};

/// Joins when it is let go of.
class SimulationTask {
 public:
  SimulationTask() = default;
  explicit SimulationTask(detail::SimulatedTask& task) noexcept : task_(&task) {}
  SimulationTask(SimulationTask&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  SimulationTask& operator=(SimulationTask&& other) noexcept {
    join();
    task_ = std::exchange(other.task_, nullptr);
    return *this;
  }
  ~SimulationTask() { join(); }

  void join(SourceLocation site = SourceLocation::current()) {
    detail::SimulatedTask* const task = std::exchange(task_, nullptr);
    if (task == nullptr) return;
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::join, site);
    while (task->state != detail::SimulatedTask::State::done) run.block(task, never);
    run.self().flush();
    run.self().view.join(task->view);
  }
  void detach() noexcept { task_ = nullptr; }

 private:
  detail::SimulatedTask* task_ = nullptr;
};

}  // namespace carpool::inline v0_1

/// Whose turn it is, and what time it is: the inner workings of Simulation.
#pragma once

#include <carpool/simulation/run.hpp>
#include <carpool/simulation/words.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

inline void Simulation::arrive_at(Operation operation, const SourceLocation& site) {
  Task& me = *self_;
  me.doing = operation;
  me.site = site;
  ++me.operations;
  hash_ = (hash_ ^ (me.id * 64U + static_cast<unsigned>(operation))) * 1099511628211U;
  if (tells_) tell(std::string(detail::to_string(operation)) + " " + detail::words_for(site));
  constexpr std::uint64_t longest_delay = 32;  // every store becomes visible some time
  if (!me.stores.empty() && me.operations - me.stores.front().made_at > longest_delay) me.flush_one();
}

inline bool Simulation::too_fine(Operation operation) const noexcept {
  return options_.coarse &&
         (!self_->mutexes.empty() || operation == Operation::unlock || operation == Operation::rouse);
}

inline void Simulation::reschedule() {
  Task& coming = next();
  if (&coming != self_) switch_to(coming);
}

inline void Simulation::block(const void* waits_for, TimePoint wake_at) {
  Task& me = *self_;
  if (!me.mutexes.empty() && me.doing != Operation::lock) {
    fail(SimulationFailure::Kind::misuse, me.name + " waits while it holds a mutex");
  }
  me.flush();  // whoever goes to sleep passes many a lock on the way
  me.state = Task::State::blocked;
  me.waits_for = waits_for;
  me.wake_at = wake_at;
  me.since = now_;
  ++me.blocked_times;
  reschedule();
  me.waits_for = nullptr;
}

inline void Simulation::wake_all_that_wait_for(const void* thing) noexcept {
  for (auto& task : tasks_) {
    if (task->state == Task::State::blocked && task->waits_for == thing) wake(*task);
  }
}

inline void Simulation::look_who_is_roused(const Task& sleeper) {
  if (rouses_freely_ || self_->mutexes.empty()) return;
  fail(SimulationFailure::Kind::misuse, self_->name + " rouses " + sleeper.name + " while it holds a mutex");
}

inline Simulation::Task& Simulation::next() {
  for (;;) {
    inspect(each_step_);
    if (failure_) return outside_;
    if (Task* const chosen = decide()) return *chosen;
  }
}

/// Nothing: something has changed, so look again.
inline Simulation::Task* Simulation::decide() {
  if (++step_ > options_.max_steps) {
    fail(SimulationFailure::Kind::livelock,
         "no end after " + std::to_string(options_.max_steps) + " steps\n" + who_waits());
    return &outside_;
  }
  if (options_.step_takes > Duration::zero()) advance_to(now_ + options_.step_takes);
  Task* const by_default = default_next();
  if (by_default == nullptr) return pass_time();
  const bool may_stay = by_default == self_;
  const bool its_turn_is_over = !may_stay && self_ != &outside_ && self_->state == Task::State::runnable;
  if (its_turn_is_over) return by_default;
  const bool searched = unsearched_ == 0 || options_.search != SimulationSearch::depth_first;
  if (!searched || strategy_.indifferent(step_, may_stay)) return by_default;
  const std::size_t runnable = list_alternatives(*by_default);
  if (alternatives_.size() == 1) return by_default;
  const std::size_t choice = strategy_.choose({alternatives_, may_stay, step_, runnable});
  if (choice > 0) trace_.add(step_, choice);
  return carry_out(alternatives_[choice]);
}

/// Whoever runs, if it can go on; else the next one by number that can. Who goes on for very long waits for somebody
/// else by looking, most likely: so it is the next one's turn.
inline Simulation::Task* Simulation::default_next() noexcept {
  constexpr std::uint64_t longest_turn = 1000;
  const bool may_stay =
      self_->state == Task::State::runnable && self_ != &outside_ && step_ - turn_began_ < longest_turn;
  if (may_stay && !self_->comes_last) return self_;
  Task* const other = next_by_number();
  if (may_stay && (other == nullptr || other->comes_last)) return self_;
  if (other != nullptr) turn_began_ = step_;
  return other;
}

inline Simulation::Task* Simulation::next_by_number() const noexcept {
  Task* last = nullptr;
  const std::size_t first = self_ == &outside_ ? 0 : self_->id + 1;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = *tasks_[(first + i) % tasks_.size()];
    if (task.state != Task::State::runnable) continue;
    if (!task.comes_last) return &task;
    if (last == nullptr) last = &task;
  }
  return last;
}

/// Returns how many can run; they come first.
inline std::size_t Simulation::list_alternatives(const Task& by_default) {
  using Kind = detail::SimulatedAlternative::Kind;
  alternatives_.assign(1, {Kind::run, by_default.id});
  const Task* sleeper = nullptr;  // whose time comes first
  for (const auto& task : tasks_) {
    const bool may_run = task->state == Task::State::runnable && (by_default.comes_last || !task->comes_last);
    if (may_run && task.get() != &by_default) alternatives_.push_back({Kind::run, task->id});
    const bool sleeps = task->state == Task::State::blocked && task->wake_at != never;
    if (sleeps && (sleeper == nullptr || task->wake_at < sleeper->wake_at)) sleeper = task.get();
  }
  const std::size_t runnable = alternatives_.size();
  const bool may_be_slow = sleeper != nullptr && early_timers_ < options_.early_timers &&
                           sleeper->wake_at <= carpool::after(now_, options_.slow_at_most);
  if (may_be_slow) alternatives_.push_back({Kind::timer, sleeper->id});
  for (const auto& task : tasks_) {
    if (!task->stores.empty()) alternatives_.push_back({Kind::flush, task->id});
  }
  if (&by_default == self_ && may_be_stopped()) alternatives_.push_back({Kind::stop, self_->id});
  return runnable;
}

/// Whoever holds a mutex would stop all; and whoever was told by somebody who is stopped between the word and the rouse
/// sleeps for as long, whatever a pool does.
inline bool Simulation::may_be_stopped() const noexcept {
  return stops_ < options_.stops && unsearched_ == 0 && !self_->background && self_->mutexes.empty() &&
         self_->doing != Operation::unlock && self_->doing != Operation::rouse;
}

inline Simulation::Task* Simulation::carry_out(const detail::SimulatedAlternative& alternative) {
  using Kind = detail::SimulatedAlternative::Kind;
  Task& task = *tasks_[alternative.task];
  if (alternative.kind == Kind::flush) {
    if (tells_) tell("a store of " + task.name + " becomes visible");
    task.flush_one();
    return nullptr;
  }
  if (alternative.kind == Kind::timer) {
    ++early_timers_;
    advance_to(task.wake_at);
    tell("everybody who could go on is slow: the time of " + task.name + " has come");
  }
  if (alternative.kind == Kind::stop) return stop(task), nullptr;
  return &task;
}

inline void Simulation::stop(Task& task) {
  ++stops_;
  tell("it is stopped for " + detail::words_for(options_.stopped_for));
  task.flush();
  task.state = Task::State::stopped;
  task.since = now_;
  task.wake_at = carpool::after(now_, options_.stopped_for);
}

/// Nobody can go on: it is over, or the clock jumps to the next deadline, or somebody waits in vain.
inline Simulation::Task* Simulation::pass_time() {
  TimePoint earliest = never;
  bool over = true;
  for (const auto& task : tasks_) {
    over &= task->state == Task::State::done;
    if (task->state != Task::State::runnable) earliest = std::min(earliest, task->wake_at);
  }
  if (over) return &outside_;
  inspect(at_rest_);
  if (failure_) return &outside_;
  if (earliest != never) return advance_to(earliest), nullptr;
  fail(SimulationFailure::Kind::deadlock, "nobody can go on\n" + who_waits());
  return &outside_;
}

inline bool Simulation::wake_one_that_waits_for(const void* thing) noexcept {
  for (auto& task : tasks_) {
    if (task->state != Task::State::blocked || task->waits_for != thing) continue;
    wake(*task);
    return true;
  }
  return false;
}

inline void Simulation::advance_to(TimePoint time) noexcept {
  now_ = std::max(now_, time);
  for (const auto& task : tasks_) {
    if (task->wake_at <= now_) let_go_on(*task);
  }
}

inline void Simulation::inspect(const std::vector<std::function<void()>>& laws) {
  if (laws.empty()) return;
  inspecting_ = true;
  for (const auto& law : laws) {
    try {
      law();
    } catch (const detail::StateIsBusy&) {
      continue;
    } catch (const std::exception& error) {
      fail(SimulationFailure::Kind::thrown, std::string("an invariant threw: ") + error.what());
    }
  }
  inspecting_ = false;
}

}  // namespace carpool::inline v0_1

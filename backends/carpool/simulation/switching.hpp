/// From one task to the next, and from a task's first step to its last: the inner workings of Simulation.
#pragma once

#include <carpool/simulation/run.hpp>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <boost/context/fiber.hpp>

namespace carpool::inline v0_1 {

namespace detail {

/// Stacks outlive simulations, so that the next run finds warm ones. Never destroyed: tasks of the thread's own
/// simulation may still be on them when the thread ends.
[[nodiscard]] inline ContextStackCache& simulation_stacks() {
  static thread_local auto* const cache = new ContextStackCache;
  return *cache;
}

/// What a run that failed leaves behind is neither unwound nor freed: its tasks stand in the middle of functions that
/// may not throw.
inline void leave_where_it_stands(boost::context::fiber context) noexcept {
  alignas(boost::context::fiber) std::byte grave[sizeof(boost::context::fiber)];
  ::new (static_cast<void*>(grave)) boost::context::fiber(std::move(context));
}

}  // namespace detail

inline SimulationOutcome Simulation::run(std::function<void()> scenario) {
  Simulation* const around = std::exchange(current_, this);
  spawn(std::make_unique<detail::SimulatedBodyOf<std::function<void()>>>(std::move(scenario))).name = "the scenario";
  switch_to(next());
  current_ = around;
  abandon_tasks();
  return {failure_, trace_, step_, hash_, std::move(story_)};
}

inline Simulation::Task& Simulation::spawn(std::unique_ptr<detail::SimulatedBody> body) {
  Task& task = *tasks_.emplace_back(std::make_unique<Task>());
  task.id = static_cast<std::uint32_t>(tasks_.size() - 1);
  task.name = "task " + std::to_string(task.id);
  task.comes_last = self_->comes_last;
  task.view = self_->view;
  task.moment.clock = number_word();
  task.body = std::move(body);
  task.chance = detail::SimulatedChance(options_.seed * 1'000'003 + task.id);
  task.stack = detail::simulation_stacks().take();
  task.context = boost::context::fiber(std::allocator_arg, detail::BorrowedStack(task.stack),
                                       [this](boost::context::fiber&& from) { return finish(std::move(from)); });
  return task;
}

/// A task's whole life. Returns whoever comes next.
inline boost::context::fiber Simulation::finish(boost::context::fiber from) {
  arrive(std::move(from));
  run_body();
  Task& me = *self_;
  me.flush();
  me.state = Task::State::done;
  wake_all_that_wait_for(&me);
  Task& coming = next();
  tell("it ends");
  leaving_ = &me;
  self_ = &coming;
  detail::exchange_exception_state(me.exceptions, coming.exceptions);
  return std::move(coming.context);
}

inline void Simulation::run_body() {
  const auto body = std::move(self_->body);
  if (of_thread_) return [&]() noexcept { body->run(); }();  // as an exception that leaves a thread
  try {
    body->run();
  } catch (const std::exception& error) {
    fail(SimulationFailure::Kind::thrown, self_->name + " threw: " + error.what());
  } catch (...) {
    fail(SimulationFailure::Kind::thrown, self_->name + " threw something that is no std::exception");
  }
}

inline void Simulation::switch_to(Task& task) {
  leaving_ = self_;
  turn_began_ = step_;
  detail::exchange_exception_state(self_->exceptions, task.exceptions);
  self_ = &task;
  arrive(std::move(task.context).resume());
}

inline void Simulation::arrive(boost::context::fiber from) {
  leaving_->context = std::move(from);
  if (leaving_->context || leaving_->stack == nullptr) return;  // it has not ended
  detail::simulation_stacks().give_back(std::exchange(leaving_->stack, nullptr));
}

inline void Simulation::abandon_tasks() noexcept {
  for (auto& task : tasks_) {
    if (!task->context) continue;
    detail::leave_where_it_stands(std::move(task->context));
    static_cast<void>(task->body.release());
    // LeakSanitizer must go on seeing what the task refers to.
    if (__lsan_register_root_region == nullptr) detail::simulation_stacks().give_back(task->stack);
  }
  tasks_.clear();
}

}  // namespace carpool::inline v0_1

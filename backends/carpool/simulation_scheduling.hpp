/// Whose turn it is: the inner workings of Simulation.
#pragma once

#include <carpool/simulation_run.hpp>
#include <carpool/simulation_words.hpp>

#include <new>
#include <type_traits>

namespace carpool {

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
         (self_->mutexes_held > 0 || operation == Operation::unlock || operation == Operation::rouse);
}

inline void Simulation::reschedule() {
  Task& coming = next();
  if (&coming != self_) switch_to(coming);
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
  if (strategy_.indifferent(step_, may_stay)) return by_default;
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
  const bool may_stay = self_->state == Task::State::runnable && self_ != &outside_;
  if (may_stay && step_ - turn_began_ < longest_turn) return self_;
  const std::size_t first = self_ == &outside_ ? 0 : self_->id + 1;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = *tasks_[(first + i) % tasks_.size()];
    if (task.state == Task::State::runnable) return turn_began_ = step_, &task;
  }
  return nullptr;
}

/// Returns how many can run; they come first.
inline std::size_t Simulation::list_alternatives(const Task& by_default) {
  using Kind = detail::SimulatedAlternative::Kind;
  alternatives_.assign(1, {Kind::run, by_default.id});
  const Task* sleeper = nullptr;  // whose time comes first
  for (const auto& task : tasks_) {
    if (task->state == Task::State::runnable && task.get() != &by_default)
      alternatives_.push_back({Kind::run, task->id});
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
  return runnable;
}

inline Simulation::Task* Simulation::carry_out(const detail::SimulatedAlternative& alternative) {
  using Kind = detail::SimulatedAlternative::Kind;
  Task& task = *tasks_[alternative.task];
  if (alternative.kind == Kind::flush) {
    tell("a store of " + task.name + " becomes visible");
    task.flush_one();
    return nullptr;
  }
  if (alternative.kind == Kind::timer) {
    ++early_timers_;
    advance_to(task.wake_at);
    tell("everybody who could go on is slow: the time of " + task.name + " has come");
  }
  return &task;
}

/// Nobody can go on: it is over, or the clock jumps to the next deadline, or somebody waits in vain.
inline Simulation::Task* Simulation::pass_time() {
  TimePoint earliest = never;
  bool over = true;
  for (const auto& task : tasks_) {
    over &= task->state == Task::State::done;
    if (task->state == Task::State::blocked) earliest = std::min(earliest, task->wake_at);
  }
  if (over) return &outside_;
  inspect(at_rest_);
  if (failure_) return &outside_;
  if (earliest != never) return advance_to(earliest), nullptr;
  fail(SimulationFailure::Kind::deadlock, "nobody can go on\n" + who_waits());
  return &outside_;
}

inline void Simulation::advance_to(TimePoint time) noexcept {
  now_ = std::max(now_, time);
  for (const auto& task : tasks_) {
    if (task->state == Task::State::blocked && task->wake_at <= now_) wake(*task);
  }
}

inline void Simulation::inspect(const std::vector<std::function<void()>>& laws) {
  if (laws.empty()) return;
  inspecting_ = true;
  for (const auto& law : laws) {
    try {
      law();
    } catch (const detail::BooksAreBusy&) {
      continue;
    } catch (const std::exception& error) {
      fail(SimulationFailure::Kind::thrown, std::string("an invariant threw: ") + error.what());
    }
  }
  inspecting_ = false;
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
  if (task.mutexes_held > 0) text += ", holding " + std::to_string(task.mutexes_held) + " mutex(es)";
  return text;
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

}  // namespace carpool

/// One run of a simulation: its tasks, its clock, and whose turn it is.
#pragma once

#include <carpool/simulation/report.hpp>
#include <carpool/simulation/strategies.hpp>
#include <carpool/simulation/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {
/// What an invariant throws that finds the pool's state half changed: it is asked again after the next step.
struct StateIsBusy {};
}  // namespace detail

/// The simulation that runs on this OS thread: what a scenario may ask and say. Everything a SimulationBackend does
/// goes through it. Outside of simulate() there is one that makes no choices of its own beyond chance, for code that is
/// merely linked against the backend; what fails there ends the program.
class Simulation {
 public:
  using Task = detail::SimulatedTask;            ///< lives until the run ends
  using Operation = detail::SimulatedOperation;  ///< where another task may come in

  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() { abandon_tasks(); }

  [[nodiscard]] static Simulation& current() {  ///< of this OS thread
    if (current_ == nullptr) current_ = &of_thread();
    return *current_;
  }

  // --- for scenarios -----------------------------------------------------------------------------------

  /// The law that has to hold. Ends the run where it does not; never throws.
  static void check(bool holds, const char* law) {
    if (!holds) current().fail(SimulationFailure::Kind::law, law);
  }
  static void check(bool holds, const std::string& law) { check(holds, law.c_str()); }
  /// Whether the running task holds a mutex of the backend: no user code should be called then.
  [[nodiscard]] static bool holds_mutex() { return !current().self_->mutexes.empty(); }
  /// For messages: the running task's name.
  static void name_task(std::string name) { current().self_->name = std::move(name); }
  /// Whether a worker is stopped now: what it was about to do it has not done, and what it owns stays its own.
  [[nodiscard]] static bool somebody_is_stopped() noexcept {
    const auto& tasks = current().tasks_;
    return std::any_of(tasks.begin(), tasks.end(),
                       [](const auto& task) { return task->state == Task::State::stopped; });
  }
  [[nodiscard]] static bool is_stopped(std::uint32_t task) noexcept {  ///< by SimulatedTask's id
    return current().tasks_[task]->state == Task::State::stopped;
  }
  /// Lets others come in between here.
  static void step(SourceLocation site = SourceLocation::current()) {
    current().before(Operation::step_of_users, site);
  }
  /// All other tasks of now, and those they spawn, go on only where nobody else can: for a deep search among few.
  static void others_come_last() noexcept {
    for (auto& task : current().tasks_) task->comes_last = task.get() != current().self_;
  }
  /// From here on it is misuse: whoever is about to take the lock waits meanwhile.
  static void forbid_rousing_under_a_mutex() noexcept { current().rouses_freely_ = false; }
  /// Anything, at the time and by the task that said it, for the story of a failing run.
  static void note(const std::string& what) { current().tell(what); }

  /// A law that is looked after while the object lives; it must not outlive what it refers to.
  class Invariant {
   public:
    enum class When : std::uint8_t {
      each_step,  ///< before every choice
      at_rest,    ///< when nobody can go on and the clock is about to jump: whoever sleeps now has been left asleep
    };
    /// Lifetime: law is called until the destructor; invariants end in the reverse order of their beginning.
    Invariant(When when, std::function<void()> law) : run_(current()), list_(run_.laws(when)) {
      list_.push_back(std::move(law));
    }
    Invariant(const Invariant&) = delete;
    Invariant& operator=(const Invariant&) = delete;
    ~Invariant() { list_.pop_back(); }

   private:
    Simulation& run_;
    std::vector<std::function<void()>>& list_;  // invariants nest: the last to come is the first to go
  };

  /// While one lives, a depth-first search has no choices, and no search stops anybody: for what a scenario only needs.
  class Unsearched {
   public:
    Unsearched() noexcept : run_(current()) { ++run_.unsearched_; }
    Unsearched(const Unsearched&) = delete;
    Unsearched& operator=(const Unsearched&) = delete;
    ~Unsearched() { --run_.unsearched_; }

   private:
    Simulation& run_;
  };

  // --- for the backend ---------------------------------------------------------------------------------

  /// The simulated clock. To read it is no step.
  [[nodiscard]] TimePoint now() noexcept {
    self_->looked = false;  // what was read may be old news by the next operation
    return now_;
  }
  [[nodiscard]] Task& self() noexcept { return *self_; }                  ///< the running one
  [[nodiscard]] bool inspecting() const noexcept { return inspecting_; }  ///< by an invariant: no steps

  /// Called before an operation takes effect: others may come in between.
  void before(Operation operation, const SourceLocation& site) {
    if (inspecting_) return;
    arrive_at(operation, site);
    if (too_fine(operation)) return;
    const bool others_had_their_chance = std::exchange(self_->looked, false);
    if (!others_had_their_chance) reschedule();
  }
  /// Called after one that lets others go on.
  void after(Operation operation, const SourceLocation& site) {
    if (inspecting_) return;
    arrive_at(operation, site);
    if (too_fine(operation)) return;
    reschedule();
    self_->looked = true;
  }
  /// The running task cannot go on before it is woken, or its time comes.
  void block(const void* waits_for, TimePoint wake_at);
  void wake(Task& task) noexcept {  ///< changes nothing where it is not blocked
    if (task.state == Task::State::blocked) let_go_on(task);
  }
  void look_who_is_roused(const Task& sleeper);              ///< misuse where forbidden and under a mutex
  void wake_all_that_wait_for(const void* thing) noexcept;   ///< block()'s waits_for
  bool wake_one_that_waits_for(const void* thing) noexcept;  ///< false: no task did

  Task& spawn(std::unique_ptr<detail::SimulatedBody> body);  ///< it is runnable, and runs at a later choice
  /// Ends the run; where the caller is one of its tasks, never returns.
  void fail(SimulationFailure::Kind kind, const std::string& what);
  void flush_everybody() {  ///< all delayed stores become visible
    for (auto& task : tasks_) task->flush();
  }
  void forget_word(const void* word) noexcept;  ///< before a word is destroyed
  [[nodiscard]] const detail::DelayedStore* delayed_store(const void* word) const noexcept;  ///< null: there is none
  void delay(detail::DelayedStore store);  ///< at most 8 per task: then the oldest is flushed
  [[nodiscard]] detail::SimulatedBarriers& barriers() noexcept { return barriers_; }  ///< of all tasks
  /// For a word's place in views.
  [[nodiscard]] std::size_t number_word() noexcept { return words_++; }
  /// The running task's next one.
  const detail::SimulatedMoment& moment() {
    self_->view.learn(self_->moment.clock, ++self_->moment.time);
    return self_->moment;
  }
  [[nodiscard]] std::size_t choose_message(std::size_t count);  ///< how many writes back a load sees; 0: the latest
  [[nodiscard]] bool weakens(Operation operation, const SourceLocation& site, const char* order);  ///< by the options
  [[nodiscard]] const SimulationOptions& options() const noexcept { return options_; }  ///< of the present simulate()
  /// Things that belong to the run, made at first use: the simulated network.
  template <class Thing>
  [[nodiscard]] Thing& belonging() {
    if (belonging_ == nullptr) belonging_ = std::make_shared<Thing>();
    return *static_cast<Thing*>(belonging_.get());
  }

  // --- for simulate() ----------------------------------------------------------------------------------

  Simulation(const SimulationOptions& options, detail::SimulationStrategy& strategy, bool tells)
      : options_(options), strategy_(strategy), now_(TimePoint{} + options.start), tells_(tells) {}
  /// Runs scenario as the first task, and everything that it spawns, to the end or to the first failure.
  SimulationOutcome run(std::function<void()> scenario);

 private:
  friend class SimulationThread;

  [[nodiscard]] static Simulation& of_thread();
  [[nodiscard]] std::vector<std::function<void()>>& laws(Invariant::When when) noexcept {
    return when == Invariant::When::each_step ? each_step_ : at_rest_;
  }

  // simulation/scheduling.hpp, simulation/seeing.hpp, simulation/switching.hpp, simulation/telling.hpp
  void arrive_at(Operation operation, const SourceLocation& site);
  [[nodiscard]] bool too_fine(Operation operation) const noexcept;
  [[nodiscard]] bool may_be_stopped() const noexcept;
  void stop(Task& task);
  static void let_go_on(Task& task) noexcept {
    task.state = Task::State::runnable;
    task.wake_at = never;
  }
  void reschedule();
  [[nodiscard]] Task& next();
  [[nodiscard]] Task* default_next() noexcept;
  [[nodiscard]] Task* next_by_number() const noexcept;
  [[nodiscard]] Task* decide();
  [[nodiscard]] std::size_t list_alternatives(const Task& by_default);
  [[nodiscard]] Task* carry_out(const detail::SimulatedAlternative& alternative);
  [[nodiscard]] Task* pass_time();
  void advance_to(TimePoint time) noexcept;
  void inspect(const std::vector<std::function<void()>>& laws);
  void switch_to(Task& task);
  void arrive(boost::context::fiber from);
  [[nodiscard]] boost::context::fiber finish(boost::context::fiber from);
  void run_body();
  void abandon_tasks() noexcept;
  void tell(const std::string& what);
  [[nodiscard]] std::string describe(const Task& task) const;
  [[nodiscard]] std::string whom_it_waits_for(const Task& task) const;
  [[nodiscard]] std::string who_waits() const;

  static inline thread_local Simulation* current_ = nullptr;

  const SimulationOptions options_;
  detail::SimulationStrategy& strategy_;
  TimePoint now_;
  std::vector<std::unique_ptr<Task>> tasks_;
  Task outside_;  // who called run(); for the thread's own simulation: nobody
  Task* self_ = &outside_;
  Task* leaving_ = nullptr;  // who has just been switched away from
  bool inspecting_ = false;
  bool of_thread_ = false;
  std::uint64_t step_ = 0;
  std::uint64_t turn_began_ = 0;  // the step
  std::size_t unsearched_ = 0;
  std::size_t early_timers_ = 0;
  std::size_t stops_ = 0;
  bool rouses_freely_ = true;
  std::uint64_t hash_ = 1469598103934665603U;  // of who did what in which order
  detail::SimulatedBarriers barriers_;
  std::size_t words_ = 1;  // that have a number
  SimulationTrace trace_;
  std::optional<SimulationFailure> failure_;
  std::vector<std::function<void()>> each_step_;
  std::vector<std::function<void()>> at_rest_;
  std::vector<detail::SimulatedAlternative> alternatives_;
  std::shared_ptr<void> belonging_;
  std::vector<std::string> story_;
  bool tells_ = false;
};

}  // namespace carpool::inline v0_1

#include <carpool/simulation/scheduling.hpp>
#include <carpool/simulation/seeing.hpp>
#include <carpool/simulation/switching.hpp>
#include <carpool/simulation/telling.hpp>

/// Mutexes, parking slots, atomics and tasks whose every operation is seen by the Simulation.
#pragma once

#include <carpool/simulation_life.hpp>
#include <carpool/simulation_run.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace carpool {

/// Whoever comes while it is held waits; which of them gets it next is up to the schedule.
class SimulationMutex {
 public:
  SimulationMutex() = default;
  SimulationMutex(const SimulationMutex&) = delete;
  SimulationMutex& operator=(const SimulationMutex&) = delete;

  void lock(SourceLocation site = SourceLocation::current()) {
    Simulation& run = Simulation::current();
    if (run.inspecting()) {  // nothing else can run meanwhile
      if (owner_ != nullptr) throw detail::BooksAreBusy();
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
    owner_->mutexes.push_back(this);
  }
  void unlock(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    if (run.inspecting()) return;
    if (owner_ != &run.self())
      run.fail(SimulationFailure::Kind::misuse, run.self().name + " unlocks what it holds not");
    owner_->flush();
    std::erase(owner_->mutexes, this);
    owner_ = nullptr;
    if (waiting_ > 0) run.wake_all_that_wait_for(this);
    run.after(detail::SimulatedOperation::unlock, site);  // *this may be gone after it
  }

 private:
  detail::SimulatedTask* owner_ = nullptr;
  std::size_t waiting_ = 0;
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
    return std::exchange(token_, false);
  }
  SimulationWakeup unpark(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::unpark, site);
    life_.check(run, "parking slot");
    run.self().flush();
    token_ = true;
    return sleeper_ == nullptr ? SimulationWakeup() : SimulationWakeup(*sleeper_, site);
  }

 private:
  bool token_ = false;
  detail::SimulatedTask* sleeper_ = nullptr;  // while it is blocked in here
  detail::SimulatedLife life_;
};

/// std::atomic's members. What is stored without seq_cst is delayed as on x86: its own task sees it at once, the others
/// when the schedule likes, but before whatever the task stores later, or does with a read-modify-write or a mutex.
template <class T>
class SimulationAtomic {
  static constexpr std::size_t size = sizeof(T);  // NOLINT(bugprone-sizeof-expression): a pointer is meant
  static_assert(std::is_trivially_copyable_v<T> && size <= sizeof(std::uint64_t));
  using Operation = detail::SimulatedOperation;
  using Here = SourceLocation;

 public:
  SimulationAtomic() = default;
  constexpr SimulationAtomic(T value) noexcept : value_(value) {}
  SimulationAtomic(const SimulationAtomic&) = delete;
  SimulationAtomic& operator=(const SimulationAtomic&) = delete;
  ~SimulationAtomic() { Simulation::current().forget_word(this); }

  [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst, Here site = Here::current()) const noexcept {
    Simulation& run = Simulation::current();
    run.before(Operation::load, site);
    life_.check(run, "word");
    const detail::DelayedStore* const latest = run.delayed_store(this);
    return latest == nullptr ? value_ : from_bits(latest->bits);
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(Operation::store, site);
    life_.check(run, "word");
    if (order != std::memory_order_seq_cst && run.options().delayed_stores) return run.delay(delayed(value));
    run.self().flush();
    value_ = value;
  }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    modify(site);
    return std::exchange(value_, value);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                               Here site = Here::current()) noexcept {
    modify(site);
    if (value_ == expected) return value_ = desired, true;
    return expected = value_, false;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order, std::memory_order,
                               Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, std::memory_order_seq_cst, site);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                             Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, std::memory_order_seq_cst, site);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order, std::memory_order,
                             Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, std::memory_order_seq_cst, site);
  }
  T fetch_add(T amount, std::memory_order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    modify(site);
    return std::exchange(value_, static_cast<T>(value_ + amount));
  }
  T fetch_sub(T amount, std::memory_order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    modify(site);
    return std::exchange(value_, static_cast<T>(value_ - amount));
  }

 private:
  void modify(const Here& site) noexcept {
    Simulation& run = Simulation::current();
    run.before(Operation::modify, site);
    life_.check(run, "word");
    run.self().flush();
  }
  [[nodiscard]] detail::DelayedStore delayed(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, size);
    return {this, bits,
            [](void* word, std::uint64_t late) { static_cast<SimulationAtomic*>(word)->value_ = from_bits(late); }, 0};
  }
  [[nodiscard]] static T from_bits(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, size);
    return value;
  }

  T value_{};
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
  }

 private:
  detail::SimulatedTask* task_ = nullptr;
};

}  // namespace carpool

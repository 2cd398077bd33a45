/// Atomics whose every operation is seen by the Simulation.
#pragma once

#include <carpool/simulation/life.hpp>
#include <carpool/simulation/run.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// std::atomic's members. With SimulatedMemory::delayed_stores, what is stored without seq_cst is delayed as on x86:
/// its own task sees it at once, the others when the schedule likes, but before whatever the task stores later, or does
/// with a read-modify-write or a mutex.
///
/// With SimulatedMemory::views, each word keeps the messages that were stored into it, and each task has a view: of
/// each word, the newest message that it knows of. A load sees any message that is not older than that, as the schedule
/// likes. What is released takes its task's view along, and who acquires it adds that to its own; read-modify-writes
/// see the latest message, and pass on what that one's writer released. Left out: loads that depend on later stores of
/// other tasks, which C++ allows on paper, and stores that are carried out in one order and stand in the other in two
/// words' modification orders; std::atomic_thread_fence, of which there is none; and a compare_exchange_weak that fails
/// for nothing.
template <class T>
class SimulationAtomic {
  static constexpr std::size_t size = sizeof(T);  // NOLINT(bugprone-sizeof-expression): a pointer is meant
  static_assert(std::is_trivially_copyable_v<T> && size <= sizeof(std::uint64_t));
  using Operation = detail::SimulatedOperation;
  using Here = SourceLocation;
  using Order = std::memory_order;

 public:
  SimulationAtomic() = default;
  SimulationAtomic(T value) noexcept : value_(value) {}
  SimulationAtomic(const SimulationAtomic&) = delete;
  SimulationAtomic& operator=(const SimulationAtomic&) = delete;
  ~SimulationAtomic() {
    Simulation& run = Simulation::current();
    run.forget_word(this);
    if (run.options().memory != SimulatedMemory::views || history_.done_with(run.self().view)) return;
    run.fail(SimulationFailure::Kind::misuse, run.self().name + " ends a word that another may still look at");
  }

  [[nodiscard]] T load(Order order = std::memory_order_seq_cst, Here site = Here::current()) const noexcept {
    Simulation& run = arrive(Operation::load, site);
    if (sees_all(run)) return seen_by_all(run);
    order = granted(run, Operation::load, order, site);
    return from_bits(see(run, order, [](T) { return true; }));
  }
  void store(T value, Order order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    Simulation& run = arrive(Operation::store, site);
    order = granted(run, Operation::store, order, site);
    const SimulatedMemory memory = run.options().memory;
    if (memory == SimulatedMemory::delayed_stores && order != std::memory_order_seq_cst)
      return run.delay(delayed(value));
    if (memory == SimulatedMemory::views) history(run).store(to_bits(value), run.self().view, order);
    run.self().flush();
    value_ = value;
  }
  T exchange(T value, Order order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    return modify([&](T) { return value; }, order, site);
  }
  T fetch_add(T amount, Order order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    return modify([&](T old) { return static_cast<T>(old + amount); }, order, site);
  }
  T fetch_sub(T amount, Order order = std::memory_order_seq_cst, Here site = Here::current()) noexcept {
    return modify([&](T old) { return static_cast<T>(old - amount); }, order, site);
  }
  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                               Here site = Here::current()) noexcept {
    Simulation& run = arrive(Operation::modify, site);
    success = granted(run, Operation::modify, success, site);
    if (!detail::acquires(success)) failure = std::memory_order_relaxed;
    const T seen = sees_all(run) ? latest(run) : from_bits(see(run, failure, [&](T old) { return old != expected; }));
    if (seen != expected) return expected = seen, false;
    change(run, desired, success);
    return true;
  }
  bool compare_exchange_strong(T& expected, T desired, Order order = std::memory_order_seq_cst,
                               Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, order, detail::failing(order), site);
  }
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                             Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, success, failure, site);
  }
  bool compare_exchange_weak(T& expected, T desired, Order order = std::memory_order_seq_cst,
                             Here site = Here::current()) noexcept {
    return compare_exchange_strong(expected, desired, order, detail::failing(order), site);
  }

  /// What it is in memory, whatever a task may know: for what the kernel reads.
  [[nodiscard]] T in_memory() const noexcept { return value_; }

 private:
  Simulation& arrive(Operation operation, const Here& site) const noexcept {
    Simulation& run = Simulation::current();
    run.before(operation, site);
    life_.check(run, "word");
    return run;
  }
  /// Nobody has an old view: an invariant, or in another memory than that of views.
  [[nodiscard]] static bool sees_all(const Simulation& run) noexcept {
    return run.inspecting() || run.options().memory != SimulatedMemory::views;
  }
  [[nodiscard]] static Order granted(Simulation& run, Operation operation, Order asked, const Here& site) noexcept {
    if (run.options().orders == nullptr) return asked;
    const bool total = asked == std::memory_order_seq_cst && !run.weakens(operation, site, "seq_cst");
    const bool acquires =
        operation != Operation::store && detail::acquires(asked) && !run.weakens(operation, site, "acquire");
    const bool releases =
        operation != Operation::load && detail::releases(asked) && !run.weakens(operation, site, "release");
    if (total && acquires == (operation != Operation::store) && releases == (operation != Operation::load))
      return asked;
    if (acquires && releases) return std::memory_order_acq_rel;
    if (acquires) return std::memory_order_acquire;
    return releases ? std::memory_order_release : std::memory_order_relaxed;
  }
  [[nodiscard]] T seen_by_all(const Simulation& run) const noexcept {
    const detail::DelayedStore* const delayed = run.delayed_store(this);
    return delayed == nullptr ? value_ : from_bits(delayed->bits);
  }
  [[nodiscard]] T latest(Simulation& run) const noexcept {
    run.self().flush();
    return value_;
  }
  [[nodiscard]] detail::SimulatedHistory& history(Simulation& run) const {
    if (!history_.begun()) history_.begin(run.number_word(), to_bits(value_));
    history_.touch(run.moment());
    return history_;
  }
  /// The latest message, or an older one that is possible.
  template <class Possible>
  [[nodiscard]] std::uint64_t see(Simulation& run, Order order, Possible possible) const {
    detail::SimulatedHistory& word = history(run);
    std::vector<std::uint32_t> times{word.latest()};
    for (std::uint32_t time = word.latest(); time > word.oldest(run.self().view, order);) {
      if (possible(from_bits(word.at(--time).bits))) times.push_back(time);
    }
    return word.read(times[run.choose_message(times.size())], run.self().view, order);
  }
  template <class Change>
  T modify(Change changed, Order order, const Here& site) noexcept {
    Simulation& run = arrive(Operation::modify, site);
    const T old = latest(run);
    change(run, changed(old), granted(run, Operation::modify, order, site));
    return old;
  }
  void change(Simulation& run, T value, Order order) {
    if (run.options().memory == SimulatedMemory::views) {
      detail::SimulatedHistory& word = history(run);
      static_cast<void>(word.read(word.latest(), run.self().view, order));
      word.modify(to_bits(value), run.self().view, order);
    }
    value_ = value;
  }

  [[nodiscard]] detail::DelayedStore delayed(T value) noexcept {
    return {this, to_bits(value),
            [](void* word, std::uint64_t late) { static_cast<SimulationAtomic*>(word)->value_ = from_bits(late); }, 0};
  }
  [[nodiscard]] static std::uint64_t to_bits(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, size);
    return bits;
  }
  [[nodiscard]] static T from_bits(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, size);
    return value;
  }

  T value_{};
  mutable detail::SimulatedHistory history_;
  detail::SimulatedLife life_;
};

}  // namespace carpool::inline v0_1

/// One task of a simulation: its stack, what it waits for, and the stores that others do not see yet.
#pragma once

#include <carpool/posix/context_stack_cache.hpp>
#include <carpool/posix/exception_state.hpp>
#include <carpool/simulation/memory.hpp>
#include <carpool/simulation/trace.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/context/fiber.hpp>

namespace carpool::inline v0_1::detail {

/// What a task runs, once.
class SimulatedBody {
 public:
  SimulatedBody() = default;
  SimulatedBody(const SimulatedBody&) = delete;
  SimulatedBody& operator=(const SimulatedBody&) = delete;
  virtual ~SimulatedBody() = default;
  virtual void run() = 0;
};

template <class F>
class SimulatedBodyOf final : public SimulatedBody {
 public:
  explicit SimulatedBodyOf(F&& work) : work_(std::move(work)) {}
  explicit SimulatedBodyOf(const F& work) : work_(work) {}
  void run() override { work_(); }

 private:
  F work_;
};

/// x86-TSO: a store waits here, seen by its own task alone, until it is flushed; first in, first out.
struct DelayedStore {
  void* word;
  std::uint64_t bits;
  void (*write)(void* word, std::uint64_t bits);
  std::uint64_t made_at;  // the task's count of operations
};

struct SimulatedTask {
  enum class State : std::uint8_t {
    runnable,  ///< it can go on
    blocked,   ///< it waits for somebody, or for its time
    stopped,   ///< it could go on, and is not let
    done,      ///< it has ended
  };

  std::uint32_t id = 0;
  State state = State::runnable;
  bool looked = false;      // others have just had their chance: no need for another before its next operation
  bool comes_last = false;  // goes on only where nobody can who does not come last
  bool background = false;  // the pool's own, not a worker of its users
  SimulatedOperation doing = SimulatedOperation::start;
  SourceLocation site;              // where in the source
  std::string name;                 // for messages
  TimePoint since{};                // when it blocked
  TimePoint wake_at = never;        // when it goes on by itself
  const void* waits_for = nullptr;  // a mutex, a task, a slot: only equality means anything
  std::uint64_t blocked_times = 0;  // so that a late wake-up is not taken for a new one
  std::uint64_t operations = 0;
  std::vector<const void*> mutexes;  // that it holds
  std::vector<DelayedStore> stores;  // few, and looked through at each load of an invariant
  SimulatedView view;
  SimulatedMoment moment;  // its latest
  SimulatedChance chance;
  std::unique_ptr<SimulatedBody> body;
  boost::context::fiber context;  // while it does not run
  ExceptionState exceptions;
  std::byte* stack = nullptr;  // the guard page of its mapping; null where it runs on a thread's own stack

  /// The latest that others do not see yet.
  [[nodiscard]] const DelayedStore* delayed_store(const void* word) const noexcept {
    for (std::size_t i = stores.size(); i-- > 0;) {
      if (stores[i].word == word) return &stores[i];
    }
    return nullptr;
  }
  void flush_one() {
    const DelayedStore oldest = stores.front();
    stores.erase(stores.begin());
    oldest.write(oldest.word, oldest.bits);
  }
  void flush() {
    while (!stores.empty()) flush_one();
  }
};

/// Boost asks it for a stack that the simulation owns: so a run that failed can be left as it stands.
class BorrowedStack {
 public:
  explicit BorrowedStack(std::byte* mapping) noexcept : mapping_(mapping) {}
  [[nodiscard]] boost::context::stack_context allocate() const noexcept {
    boost::context::stack_context stack;
    stack.size = ContextStackCache::usable_size;
    stack.sp = mapping_ + ContextStackCache::mapping_size();
    return stack;
  }
  void deallocate(boost::context::stack_context&) const noexcept {}

 private:
  std::byte* mapping_;
};

}  // namespace carpool::inline v0_1::detail

/// One object per process, made at its first use, never destroyed, and made anew in a forked child.
#pragma once

#include <carpool/posix/fork_generation.hpp>
#include <carpool/posix/thread_platform.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace carpool::inline v0_1::detail {

/// For what owns threads: a forked child has none of its parent's, and locks that they held stay locked for ever. So
/// the child leaves the parent's object alone, leaking it, and builds its own. Never destroyed, because threads and
/// static objects that still use it may outlive any order of destruction.
template <class T, class Platform = ThreadPlatform>
class PerProcess {
 public:
  [[nodiscard]] T& get() {
    Instance* instance = current_.load(std::memory_order_acquire);  // (2) synchronizes-with (1)
    while (instance == nullptr || instance->fork_generation != fork_generation()) {
      auto candidate = std::make_unique<Instance>();
      // (1) Whoever comes second throws its own away, so T's constructor must not do what cannot be undone.
      if (current_.compare_exchange_strong(instance, candidate.get(), std::memory_order_acq_rel)) {
        instance = candidate.release();
      }
    }
    return instance->value;
  }

 private:
  struct Instance {
    std::uint64_t fork_generation = detail::fork_generation();
    T value{};
  };

  typename Platform::template Atomic<Instance*> current_{nullptr};  // any thread
};

}  // namespace carpool::inline v0_1::detail

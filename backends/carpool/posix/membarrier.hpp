/// An asymmetric fence: free for those who run, paid by the one who is about to wait.
#pragma once

#include <atomic>
#include <cerrno>
#include <ctime>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace carpool::inline v0_1::detail {

// Two sides each write their own word and then read the other's. With a full fence between write and read on both
// sides, at least one of them sees the other's write. Here one side has a light barrier, which only holds the compiler
// back, and the other a heavy one: membarrier(2) makes every running thread of the process pass a full fence. That
// fence falls either before the light side's write, then its read comes after the heavy side's write and sees it; or
// after it, then the heavy side's read sees the light side's write.
//
// Where the kernel refuses, both sides are full fences. The rule that keeps a change of mind correct: the light side is
// free only while the word below says works, and whoever finds that it no longer does lets a grace period pass first.

enum class Membarrier : int {
  refused,  ///< every light barrier is a full fence
  fading,   ///< the kernel began to refuse: a light side that read works a moment ago may still be on its way
  works,    ///< a light barrier is for the compiler only
};

/// Written at start and, if the kernel begins to refuse (a seccomp filter), twice more; read by every light side.
inline std::atomic<Membarrier> membarrier_state{Membarrier::refused};

/// A fence that ThreadSanitizer knows: it rejects std::atomic_thread_fence at compile time, this it only ignores.
inline void full_fence() noexcept { __sync_synchronize(); }

[[nodiscard]] inline bool call_membarrier(int command) noexcept {
  const int callers_errno = errno;
  const bool accepted = ::syscall(SYS_membarrier, command, 0, 0) == 0;
  errno = callers_errno;
  return accepted;
}

/// Idempotent; cheap while the process has one thread, some milliseconds otherwise.
[[nodiscard]] inline bool register_membarrier() noexcept {
  return call_membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

/// Registered while static objects are initialised. Who comes earlier finds refused and pays for a full fence.
inline const bool membarrier_registered_at_start = [] {
  const bool accepted = register_membarrier();
  if (accepted) membarrier_state.store(Membarrier::works, std::memory_order_relaxed);
  return accepted;
}();

/// The heavy side without the kernel's help. A light side that still read works had its write in a store buffer, and
/// store buffers drain in well under a microsecond: ten milliseconds after the word has changed nobody relies on it.
[[gnu::cold, gnu::noinline]] inline void heavy_barrier_without_kernel() noexcept {
  if (membarrier_state.load(std::memory_order_relaxed) != Membarrier::refused) {
    membarrier_state.store(Membarrier::fading, std::memory_order_seq_cst);
    const std::timespec grace{.tv_sec = 0, .tv_nsec = 10'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &grace, nullptr) != 0) {
    }
    membarrier_state.store(Membarrier::refused, std::memory_order_relaxed);
  }
  full_fence();
}

[[gnu::always_inline]] inline void light_barrier() noexcept {
  if (membarrier_state.load(std::memory_order_relaxed) == Membarrier::works) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    full_fence();
  }
}

/// About 0.25 us on an idle machine, some microseconds where it must interrupt running threads. The system call is a
/// full fence for its caller as well. Registers again if need be: a forked child may not have inherited it.
inline void heavy_barrier() noexcept {
  if (call_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) [[likely]]
    return;
  if (register_membarrier() && call_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  heavy_barrier_without_kernel();
}

}  // namespace carpool::inline v0_1::detail

/// A mutex whose uncontended lock and unlock together cost one atomic read-modify-write.
#pragma once

#include <carpool/posix/thread_platform.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace carpool::inline v0_1 {

/// For critical sections of some dozen instructions. Not recursive, not fair. No interruption or cancellation point.
///
/// Lifetime: unlock() still reads the mutex after it has let the next owner in. So unlike std::mutex it must outlive
/// every unlock(): the last owner may destroy it only when no other thread can be inside unlock() any more.
///
/// Why no wake-up is lost. U is a thread in unlock(), P one in sleep_until_free():
///
///   U1 locked_ := 0 (release)                          P1 sleepers_ := 1
///   U2 light barrier                                   P2 heavy barrier
///   U3 reads sleepers_; if 1: U4 := 0, U5 futex wake   P3 tries locked_ 0 -> 1; if that fails: P4 futex wait while 1
///
/// (1) U1 synchronizes-with the successful 0 -> 1 of lock() and of P3 (acquire): what an owner wrote, the next reads.
/// (2) U2 pairs with P2: either U1 is visible to P3, or U3 comes after P1 and sees its 1, or a 1 that was stored later.
/// (3) If P3 fails, then some owner's U1 is not yet visible to P3. By (2) that owner's U3 sees sleepers_ == 1, unless
///     another thread's U4 has cleared it since P1. That thread's U5 follows.
/// (4) P4 sleeps only if sleepers_ is still 1 when the kernel has P in the futex's queue. A U4 before that moment makes
///     P4 return at once; a U4 after it is followed by a U5 that finds P, or another sleeper, in the queue.
/// (5) Hence the invariant: while anybody sleeps, either sleepers_ is 1, or a U5 is under way, or a sleeper has been
///     woken and has not yet passed P1 again. Each U5 wakes one, who passes through P1 to P3 again. So P is woken, or
///     another sleeper is in its stead, and that one's P1 answers for P; the owner who comes next finds sleepers_ == 1.
/// A sleeper who gets the lock leaves sleepers_ at 1, because it cannot know whether others sleep. The price is one
/// futex wake too many after the last of them, the same that glibc's mutex pays.
///
/// tests/unit/asymmetric_mutex_model_test.cpp walks through every interleaving of these steps for three threads, and
/// tests/simulation/orders_test.cpp runs this code in a memory as weak as C++ allows.
/// The price in contention: each sleep costs its sleeper a heavy barrier. SpinRounds: how often a rival looks again,
/// each time after twice as long as before, until it goes to sleep.
template <int SpinRounds, class Platform = detail::ThreadPlatform>
class BasicAsymmetricMutex {
 public:
  BasicAsymmetricMutex() = default;
  BasicAsymmetricMutex(const BasicAsymmetricMutex&) = delete;
  BasicAsymmetricMutex& operator=(const BasicAsymmetricMutex&) = delete;

  void lock() noexcept {
    if (!take()) [[unlikely]]
      lock_contended();
  }

  void unlock() noexcept {
    locked_.store(0, std::memory_order_release);                         // U1
    Platform::light_barrier();                                           // U2
    const bool wanted = sleepers_.load(std::memory_order_relaxed) != 0;  // U3
    if (wanted) [[unlikely]]
      wake_one();
  }

 private:
  bool take() noexcept {
    std::uint32_t free = 0;
    return locked_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }

  /// The owner is about to leave: its section is shorter than a system call. Only if it has lost its processor, or has
  /// many rivals, is it worth to sleep. Between tries only reads, which leave the line with the owner.
  [[gnu::cold, gnu::noinline]] void lock_contended() noexcept {
    for (int round = 0, pauses = fewest_pauses; round < SpinRounds; ++round) {
      for (int pause = 0; pause < pauses; ++pause) relax_processor();
      if (locked_.load(std::memory_order_relaxed) == 0 && take()) return;
      pauses = std::min(2 * pauses, most_pauses);
    }
    sleep_until_free();
  }

  void sleep_until_free() noexcept {
    for (;;) {
      sleepers_.store(1, std::memory_order_relaxed);  // P1
      Platform::heavy_barrier();                      // P2
      if (take()) return;                             // P3
      Platform::futex_wait(sleepers_, 1, never);      // P4
    }
  }

  [[gnu::cold, gnu::noinline]] void wake_one() noexcept {
    sleepers_.store(0, std::memory_order_relaxed);  // U4
    Platform::futex_wake_one(&sleepers_);           // U5
  }

  static void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  static constexpr int fewest_pauses = 4;
  static constexpr int most_pauses = 128;

  typename Platform::FutexWord locked_{0};    ///< 1 while owned. Any thread writes it: 1 by take(), 0 by the owner.
  typename Platform::FutexWord sleepers_{0};  ///< 1: somebody may sleep on it. Set by sleepers, cleared by wakers.
};

/// 8 rounds are about 10 us, what a sleep and a wake-up cost. That a rival stays away for longer and longer lets the
/// owner come and go dozens of times with the line in its own cache: two threads that do nothing but acquire and
/// release got through 1.5 to 1.8 times as fast as with std::mutex, where rounds of equal length, 80 ns apart, were at
/// 0.4 times.
using AsymmetricMutex = BasicAsymmetricMutex<8>;

}  // namespace carpool::inline v0_1

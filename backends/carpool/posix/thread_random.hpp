/// A fast generator per thread, for jitter and for the choice of a victim: not for secrets.
#pragma once

#include <carpool/posix/clock.hpp>
#include <carpool/posix/fork_generation.hpp>

#include <cerrno>
#include <cstdint>

#include <sys/random.h>

namespace carpool::inline v0_1::detail {

/// The output step of SplitMix64: a bijection that makes a counter look random.
[[nodiscard]] constexpr std::uint64_t scrambled(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

/// Odd, so that no thread ever has the state 0, which means "not seeded yet".
[[nodiscard]] inline std::uint64_t random_seed() noexcept {
  const int callers_errno = errno;
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof seed)) {
    // Early at boot, or refused by a sandbox: the stack's address and the clock differ between threads all the same.
    seed = scrambled(reinterpret_cast<std::uintptr_t>(&seed)) ^
           static_cast<std::uint64_t>(clock_now().time_since_epoch().count());
  }
  errno = callers_errno;
  return seed | 1u;
}

/// 64 bits. Out of line, so that the address of the thread's state is not carried across a switch of fibers. A forked
/// child goes on from its parent's state; the generation makes the numbers differ.
[[gnu::noinline]] inline std::uint64_t thread_random() noexcept {
  thread_local constinit std::uint64_t state = 0;
  if (state == 0) [[unlikely]]
    state = random_seed();
  state += 0x9E3779B97F4A7C16u;  // even, so the state stays odd
  return scrambled(state ^ (fork_generation() << 56));
}

}  // namespace carpool::inline v0_1::detail

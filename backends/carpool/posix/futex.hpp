/// The two futex calls that the backends need, private to the process, errno left alone.
#pragma once

#include <carpool/posix/clock.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace carpool::inline v0_1::detail {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && sizeof(std::timespec) == 16,
              "futex(2) is called here with the layout of 64-bit Linux");

/// Sleeps while the word has the expected value, until somebody wakes it, a signal comes or the deadline passes.
/// false: the deadline passed. true: anything else; look at the word again.
inline bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, TimePoint deadline) noexcept {
  const int callers_errno = errno;
  const std::timespec time = timespec_of(deadline);
  // FUTEX_WAIT_BITSET takes an absolute point on CLOCK_MONOTONIC: a wait that is repeated is not a longer wait.
  const long result = ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                                deadline == never ? nullptr : &time, nullptr, FUTEX_BITSET_MATCH_ANY);
  const bool timed_out = result != 0 && errno == ETIMEDOUT;
  errno = callers_errno;
  return !timed_out;
}

/// Wakes one who sleeps on the word. The word is not read or written, its address is a name and no more: it may be
/// gone.
inline void futex_wake_one(const std::atomic<std::uint32_t>* word) noexcept {
  const int callers_errno = errno;
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  errno = callers_errno;
}

}  // namespace carpool::inline v0_1::detail

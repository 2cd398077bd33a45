/// How many forks lie between this process and the one that loaded the library.
#pragma once

#include <cstdint>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// Counted by fork(2)'s child handler, when the child has one thread and nobody else can read. A process made by a
/// bare clone(2) runs no such handlers and looks like its parent.
inline std::uint64_t forks_since_start = 0;

/// Registered while static objects are initialised, so before any pool that a later line of the same file makes.
/// Where the registration fails for want of memory nothing counts, which is how a process that never forks lives.
inline const int fork_handler_registered = pthread_atfork(nullptr, nullptr, +[]() noexcept { ++forks_since_start; });

/// 0 in the first process, one more in each forked child. One plain load.
[[nodiscard]] inline std::uint64_t fork_generation() noexcept { return forks_since_start; }

}  // namespace carpool::inline v0_1::detail

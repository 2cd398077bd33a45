/// A number of the running thread that no compiler carries across a switch of fibers.
#pragma once

#include <cstdint>

namespace carpool::inline v0_1::detail {

/// What thread_local variables are found by, read anew at each call, in one instruction where the processor is known.
/// The address of a thread_local variable would do, but a compiler may compute it once for a whole function, in whose
/// middle a fiber may be moved to another thread by a scheduler that lets it.
#if defined(__x86_64__) && defined(__LP64__)
[[nodiscard, gnu::always_inline]] inline std::uintptr_t thread_pointer() noexcept {
  std::uintptr_t pointer = 0;
  asm volatile("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}
#elif defined(__aarch64__)
[[nodiscard, gnu::always_inline]] inline std::uintptr_t thread_pointer() noexcept {
  std::uintptr_t pointer = 0;
  asm volatile("mrs %0, tpidr_el0" : "=r"(pointer));
  return pointer;
}
#else
[[nodiscard, gnu::noinline]] inline std::uintptr_t thread_pointer() noexcept {
  thread_local constinit char here = 0;
  asm volatile("");
  return reinterpret_cast<std::uintptr_t>(&here);
}
#endif

}  // namespace carpool::inline v0_1::detail

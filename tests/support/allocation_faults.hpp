/// Counts this thread's allocations, and makes the n-th one of the process fail. To be included by one source of a
/// program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace allocation_faults {

inline thread_local std::size_t made_here = 0;  ///< allocations of this thread
inline std::atomic<long> countdown{0};          ///< the allocation that takes it from 1 to 0 fails

/// The n-th allocation from now on, by whichever thread, throws std::bad_alloc; 1 is the next.
inline void fail_after(long n) noexcept { countdown.store(n); }
/// Whether it has failed; no other will.
[[nodiscard]] inline bool has_failed() noexcept { return countdown.exchange(0) <= 0; }

[[nodiscard]] inline void* allocate(std::size_t size, std::size_t alignment) {
  ++made_here;
  if (countdown.load(std::memory_order_relaxed) > 0 && countdown.fetch_sub(1) == 1) throw std::bad_alloc();
  const std::size_t rounded = (size + alignment) / alignment * alignment;  // never 0, and what aligned_alloc asks
  void* const memory =
      alignment <= alignof(std::max_align_t) ? std::malloc(rounded) : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace allocation_faults

// Not inline, or compilers look through them and complain of free. The nothrow forms are the library's own, and call
// these.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocation_faults::allocate(size, 1); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return allocation_faults::allocate(size, 1); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocation_faults::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocation_faults::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

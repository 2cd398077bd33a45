/// Stacks for fibers and simulated tasks: small, with a guard page below, and kept for the next one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

// Of AddressSanitizer and LeakSanitizer; null in a program without them.
extern "C" {
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
[[gnu::weak]] void __lsan_register_root_region(const void* address, std::size_t size);
[[gnu::weak]] void __lsan_unregister_root_region(const void* address, std::size_t size);
}

namespace carpool::inline v0_1::detail {

/// The free stacks of one thread; touched by that thread alone.
class ContextStackCache {
 public:
  /// What client libraries were seen to use at most, 18 KB, three times over.
  static constexpr std::size_t usable_size = 64 * 1024;

  ContextStackCache() = default;
  ContextStackCache(const ContextStackCache&) = delete;
  ContextStackCache& operator=(const ContextStackCache&) = delete;
  ~ContextStackCache() {
    while (count_ > 0) unmap(free_[--count_]);
  }

  /// The lowest address of a mapping: its guard page.
  [[nodiscard]] std::byte* take() { return count_ > 0 ? free_[--count_] : map(); }

  void give_back(std::byte* mapping) noexcept {
    // A fiber ends by a switch that never returns, so the sanitizer believes in the frames that it leaves behind.
    if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(mapping, mapping_size());
    if (count_ == free_.size()) return unmap(mapping);
    free_[count_++] = mapping;
  }

  [[nodiscard]] static std::size_t page_size() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
  }
  [[nodiscard]] static std::size_t mapping_size() noexcept { return usable_size + page_size(); }

 private:
  /// A guard page parts two stacks that would else be one mapping, and the kernel has 65,530 for the whole process: no
  /// more than half of them are spent on guards. Beyond that many stacks new ones have none.
  [[nodiscard]] static std::byte* map() {
    void* const mapping =
        ::mmap(nullptr, mapping_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    const bool guarded = mapped_.fetch_add(1, std::memory_order_relaxed) < most_guarded;
    [[maybe_unused]] const int refused = guarded ? ::mprotect(mapping, page_size(), PROT_NONE) : 0;
    auto* const guard = static_cast<std::byte*>(mapping);
    // What only a suspended fiber refers to is not leaked.
    if (__lsan_register_root_region != nullptr) __lsan_register_root_region(guard + page_size(), usable_size);
    return guard;
  }
  static void unmap(std::byte* guard) noexcept {
    if (__lsan_unregister_root_region != nullptr) __lsan_unregister_root_region(guard + page_size(), usable_size);
    ::munmap(guard, mapping_size());
    mapped_.fetch_sub(1, std::memory_order_relaxed);
  }

  static constexpr std::size_t most_guarded = 16'384;
  static inline std::atomic<std::size_t> mapped_{0};  // of all threads; nothing depends on it but guards

  std::array<std::byte*, 64> free_{};
  std::size_t count_ = 0;
};

}  // namespace carpool::inline v0_1::detail

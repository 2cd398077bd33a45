/// Memory for what an operation posts, so that giving a connection back allocates nothing.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/detail/recycling_allocator.hpp>

#include <cstddef>
#include <new>

namespace carpool::inline v0_1::detail {

/// Room for one handler at a time. An executor that needs more, or another block beside it, gets it from the heap.
struct PostMemory {
  static constexpr std::size_t size = 160;
  alignas(std::max_align_t) std::byte bytes[size];
  bool taken = false;
};

template <class T>
class PostAllocator {
 public:
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard's name

  explicit PostAllocator(PostMemory& memory) noexcept : memory_(&memory) {}
  template <class U>
  PostAllocator(const PostAllocator<U>& other) noexcept
      : memory_(&other.memory()) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count * sizeof(T) > PostMemory::size || alignof(T) > alignof(std::max_align_t) || memory_->taken)
      return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(alignof(T))));
    memory_->taken = true;
    return reinterpret_cast<T*>(memory_->bytes);
  }
  void deallocate(T* block, std::size_t) noexcept {
    if (static_cast<void*>(block) != static_cast<void*>(memory_->bytes))
      return ::operator delete(block, std::align_val_t(alignof(T)));
    memory_->taken = false;
  }
  template <class U>
  [[nodiscard]] bool operator==(const PostAllocator<U>& other) const noexcept {
    return memory_ == &other.memory();
  }
  [[nodiscard]] PostMemory& memory() const noexcept { return *memory_; }

 private:
  PostMemory* memory_;
};

/// The handler's own allocator, or Asio's, which keeps a few blocks per thread.
template <class Handler>
using HandlerRecycling =
    boost::asio::detail::get_recycling_allocator<boost::asio::associated_allocator_t<Handler>,
                                                 boost::asio::detail::thread_info_base::default_tag>;
template <class Handler>
using RecyclingAllocator = typename HandlerRecycling<Handler>::type;

template <class Handler>
[[nodiscard]] RecyclingAllocator<Handler> recycling_allocator(const Handler& handler) {
  return HandlerRecycling<Handler>::get(boost::asio::get_associated_allocator(handler));
}

}  // namespace carpool::inline v0_1::detail

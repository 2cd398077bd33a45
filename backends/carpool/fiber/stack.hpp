/// The stacks of fibers, as Boost asks for them.
#pragma once

#include <carpool/posix/context_stack_cache.hpp>

#include <cstddef>
#include <memory>
#include <utility>

#include <boost/context/stack_context.hpp>

namespace carpool::inline v0_1::detail {

/// What Boost asks of a stack allocator. Shares the cache, because a stack is given back by the thread's scheduler, and
/// that may outlive the reactor where the application replaces it.
class FiberStack {
 public:
  explicit FiberStack(std::shared_ptr<ContextStackCache> cache) noexcept : cache_(std::move(cache)) {}

  [[nodiscard]] boost::context::stack_context allocate() {
    boost::context::stack_context stack;
    stack.size = ContextStackCache::usable_size;
    stack.sp = cache_->take() + ContextStackCache::mapping_size();
    return stack;
  }
  void deallocate(boost::context::stack_context& stack) noexcept {
    cache_->give_back(static_cast<std::byte*>(stack.sp) - ContextStackCache::mapping_size());
  }

 private:
  std::shared_ptr<ContextStackCache> cache_;
};

}  // namespace carpool::inline v0_1::detail

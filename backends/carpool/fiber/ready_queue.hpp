/// The fibers of one thread that can go on, and what wakes one that sleeps.
#pragma once

#include <cstddef>

#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>

namespace carpool::inline v0_1::detail {

/// In the order in which they could. Its thread alone.
class FiberReadyQueue {
 public:
  using Context = boost::fibers::context;

  [[nodiscard]] bool empty() const noexcept { return fibers_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void push(Context& fiber) noexcept {
    const bool first = fibers_.empty();
    fiber.ready_link(fibers_);
    ++size_;
    if (first && on_first_ != nullptr) [[unlikely]]
      on_first_(whose_);
  }
  /// `call` is told of each fiber that becomes ready while no other is; nullptr: nobody is told.
  void tell_of_first(void (*call)(void* whose) noexcept, void* whose) noexcept {
    on_first_ = call;
    whose_ = whose;
  }
  /// Whom the call makes ready comes before those that are.
  template <class Call>
  void put_first(Call call) noexcept {
    Queue others;
    others.swap(fibers_);
    call();
    fibers_.splice(fibers_.end(), others);
  }
  [[nodiscard]] Context& pop() noexcept {
    --size_;
    Context& first = fibers_.front();
    fibers_.pop_front();
    return first;
  }

 private:
  using Queue = boost::fibers::scheduler::ready_queue_type;

  Queue fibers_;
  std::size_t size_ = 0;
  void (*on_first_)(void*) noexcept = nullptr;
  void* whose_ = nullptr;
};

/// Wakes a fiber that sleeps in FiberReactor::sleep, on its own thread. As often as one likes until it goes on: who is
/// ready already is left alone.
///
/// Boost's own wakers do so by a number that each wait draws and the first waker uses up, and ask who is running twice.
/// None of them reaches a fiber that sleeps here, because one more number is drawn before (FiberReactor::waker).
struct FiberWaker {
  boost::fibers::context* fiber = nullptr;
  FiberReadyQueue* ready = nullptr;

  void wake() const noexcept {
    if (!fiber->ready_is_linked()) ready->push(*fiber);
  }
};

}  // namespace carpool::inline v0_1::detail

/// The fibers of one thread that can go on, and what wakes one that sleeps.
#pragma once

#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>

namespace carpool::detail {

/// In the order in which they could. Its thread alone.
class FiberReadyQueue {
 public:
  using Context = boost::fibers::context;

  [[nodiscard]] bool empty() const noexcept { return fibers_.empty(); }
  void push(Context& fiber) noexcept { fiber.ready_link(fibers_); }
  [[nodiscard]] Context& pop() noexcept {
    Context& first = fibers_.front();
    fibers_.pop_front();
    return first;
  }

 private:
  boost::fibers::scheduler::ready_queue_type fibers_;
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

}  // namespace carpool::detail

/// A fiber that somebody is waiting for: what FiberBackend::spawn returns.
#pragma once

#include <carpool/fiber/parking_slot.hpp>
#include <carpool/fiber/reactor.hpp>
#include <carpool/fiber/stack.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <boost/fiber/context.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace carpool::inline v0_1::detail {

/// Shared by a fiber and its task. Boost's own join wakes a fiber of another thread in a way that races with the end of
/// that thread (FiberInbox); this one does not.
class FiberCompletion : public boost::intrusive_ref_counter<FiberCompletion> {
 public:
  /// reactor: of the thread that runs the fiber; nullptr: the service thread's.
  explicit FiberCompletion(const FiberReactor* reactor) noexcept : reactor_(reactor) {}

  /// The fiber, as its first deed.
  void begin() noexcept { fiber_.store(boost::fibers::context::active(), std::memory_order_relaxed); }
  /// And as its last.
  void finish() noexcept {
    fiber_.store(nullptr, std::memory_order_relaxed);
    const FiberWakeup wakeup = slot_.unpark();
  }

  /// The task; once. Throws std::system_error if the fiber asks itself, which would wait for ever.
  void await() {
    const boost::fibers::context* const fiber = fiber_.load(std::memory_order_relaxed);
    if (fiber != nullptr && fiber == boost::fibers::context::active()) {
      throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur), "a fiber joins itself");
    }
    // fork(2) copies no thread but the caller's: in the child, fibers of other threads have no one to run them.
    const bool lost = fork_generation_ != fork_generation() && reactor_ != FiberReactor::here_if_any();
    if (!lost) slot_.park_until(never);
  }

 private:
  const FiberReactor* const reactor_;  // compared, never followed
  const std::uint64_t fork_generation_ = detail::fork_generation();
  std::atomic<const boost::fibers::context*> fiber_{nullptr};  // while it runs; means something to itself alone
  FiberParkingSlot slot_;                                      // the task's owner parks
};

using FiberCompletionPointer = boost::intrusive_ptr<FiberCompletion>;

/// What the fiber runs. Like std::thread, it destroys the callable before anybody's join() returns. An exception that
/// escapes meets Boost's noexcept and terminates, with the stack as it was when it was thrown.
template <class F>
class FiberBody {
 public:
  template <class G>
  FiberBody(G&& f, FiberCompletionPointer completion) : f_(std::forward<G>(f)), completion_(std::move(completion)) {}

  void operator()() {
    completion_->begin();
    {
      F f = std::move(f_);
      std::move(f)();
    }
    completion_->finish();
  }

 private:
  F f_;
  FiberCompletionPointer completion_;
};

/// Starts a fiber on the reactor's thread, which must be this one. It runs when others suspend. Throws std::bad_alloc.
template <class Body>
void start_fiber(FiberReactor& reactor, Body&& body) {
  auto record = std::make_unique<FiberRecord>(nullptr);  // the reactor would make it, but could not say that it failed
  boost::fibers::fiber fiber(boost::fibers::launch::post, static_cast<boost::fibers::fiber_properties*>(record.get()),
                             std::allocator_arg, FiberStack(reactor.stacks()), std::forward<Body>(body));
  static_cast<void>(record.release());  // it is the fiber's
  fiber.detach();
}

}  // namespace carpool::inline v0_1::detail

namespace carpool::inline v0_1 {

/// Joins when it is let go of, as ThreadBackend's. May be joined by any fiber of any thread, and by a plain thread, but
/// not by the fiber itself: a function that owns its own task must detach() it, or ends the process.
class FiberTask {
 public:
  FiberTask() = default;
  explicit FiberTask(detail::FiberCompletionPointer completion) noexcept : completion_(std::move(completion)) {}
  FiberTask(FiberTask&&) noexcept = default;
  FiberTask& operator=(FiberTask&& other) noexcept {
    join();
    completion_ = std::move(other.completion_);
    return *this;
  }
  ~FiberTask() { join(); }

  void join() {
    if (const auto completion = std::exchange(completion_, nullptr)) completion->await();
  }
  /// The fiber goes on by itself, and nobody can wait for its end. Its thread still does not end before.
  void detach() noexcept { completion_.reset(); }

 private:
  detail::FiberCompletionPointer completion_;  // nullptr: joined, or never had a fiber
};

}  // namespace carpool::inline v0_1

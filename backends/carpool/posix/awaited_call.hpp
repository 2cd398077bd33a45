/// A blocking call and the one who waits for its end, in a parking slot of its own kind.
#pragma once

#include <carpool/posix/blocking_helpers.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class Slot>
class AwaitedCall : public BlockingCall {
 protected:
  ~AwaitedCall() = default;

  /// The helper. Whatever the call throws is for the one who waits.
  template <class F>
  void perform(F&& call) noexcept {
    try {
      call();
    } catch (...) {
      error_ = std::current_exception();  // fibers are never unwound here, this is a plain thread
    }
  }
  /// The helper's last touch of what it does not own: then the waiter may run, and the call be gone.
  void tell() noexcept { const auto wakeup = slot_.unpark(); }

  /// The waiter, with what submit() returned; false: the deadline has passed, and the call may be waiting or running.
  [[nodiscard]] bool await(BlockingHelpers& helpers, std::uint64_t begun, TimePoint deadline) {
    for (bool may_grow = true;;) {
      const TimePoint look = may_grow ? std::min(deadline, after(clock_now(), BlockingHelpers::grow_after)) : deadline;
      if (slot_.park_until(look)) return true;
      if (look == deadline) return false;
      may_grow = is_here() && helpers.relieve(*this, begun);
    }
  }
  /// false: in a forked child, which has neither those helpers nor, perhaps, their lock.
  [[nodiscard]] bool is_here() const noexcept { return fork_generation_ == fork_generation(); }
  void rethrow() {
    if (error_ != nullptr) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  const std::uint64_t fork_generation_ = detail::fork_generation();
  std::exception_ptr error_;  // the helper's until it unparks, then the waiter's
  Slot slot_;                 // the waiter parks
};

/// On the waiter's stack, so that the function may refer to it; hence no deadline: a thread cannot be called back from
/// a system call.
template <class Slot, class F>
class BorrowingCall final : public AwaitedCall<Slot> {
 public:
  explicit BorrowingCall(F& function) noexcept : function_(function) {}
  void run() noexcept override {
    this->perform(function_);
    this->tell();
  }
  void run_elsewhere() {
    BlockingHelpers& helpers = BlockingHelpers::of_this_process();
    static_cast<void>(this->await(helpers, helpers.submit(*this), never));
    this->rethrow();
  }

 private:
  F& function_;
};

/// Owned by the waiter and, from submit on, by itself: so it may go on when the waiter has left.
template <class Slot, class F>
class OwningCall final : public AwaitedCall<Slot>, public std::enable_shared_from_this<OwningCall<Slot, F>> {
 public:
  using Result = std::invoke_result_t<F>;

  explicit OwningCall(F function) : function_(std::move(function)) {}
  void run() noexcept override {
    const auto until_the_end = std::move(self_);
    this->perform([this] { result_.emplace(std::invoke(std::move(function_))); });
    this->tell();
  }

  [[nodiscard]] static std::optional<Result> run_until(F function, TimePoint deadline) {
    const auto call = std::make_shared<OwningCall>(std::move(function));
    BlockingHelpers& helpers = BlockingHelpers::of_this_process();
    const std::uint64_t begun = call->submit(helpers);
    const Stay stay{helpers, *call};
    if (!call->await(helpers, begun, deadline)) return std::nullopt;
    call->rethrow();
    return std::move(call->result_);
  }

 private:
  /// The waiter's: a call that nobody has begun when it leaves is not made.
  struct Stay {
    ~Stay() {
      if (call.is_here() && helpers.withdraw(call)) call.self_.reset();
    }
    BlockingHelpers& helpers;
    OwningCall& call;
  };

  [[nodiscard]] std::uint64_t submit(BlockingHelpers& helpers) {
    self_ = this->shared_from_this();
    try {
      return helpers.submit(*this);
    } catch (...) {
      self_.reset();
      throw;
    }
  }

  F function_;
  std::optional<Result> result_;      // as AwaitedCall's error
  std::shared_ptr<OwningCall> self_;  // the waiter's until it submits and again if it withdraws; else the helper's
};

}  // namespace carpool::inline v0_1::detail

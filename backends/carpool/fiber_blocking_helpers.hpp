/// Threads that block in a fiber's stead.
#pragma once

#include <carpool/blocked_signals.hpp>
#include <carpool/fiber_parking_slot.hpp>
#include <carpool/futex_parking.hpp>
#include <carpool/per_process.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace carpool::detail {

/// A call that a fiber has handed over; on the fiber's stack.
class BlockingCall {
 public:
  /// The helper. Its last touch is inside unpark(): then the fiber may run, and the call be gone.
  [[nodiscard]] FiberWakeup run() noexcept {
    try {
      call();
    } catch (...) {
      error_ = std::current_exception();  // fibers are never unwound here, this is a plain thread
    }
    return slot_.unpark();
  }

  /// The fiber. There is no deadline: a thread cannot be called back from a system call.
  void await() {
    slot_.park_until(never);
    if (error_ != nullptr) std::rethrow_exception(std::move(error_));
  }

  BlockingCall* next = nullptr;  // the queue's

 protected:
  ~BlockingCall() = default;

 private:
  virtual void call() = 0;

  std::exception_ptr error_;  // the helper's until it unparks, then the fiber's
  FiberParkingSlot slot_;     // the fiber parks
};

/// At most four, started as they are needed and kept: one name server that does not answer must not hold up the others'
/// answers, and a hundred fibers must not start a hundred threads.
class FiberBlockingHelpers {
 public:
  /// Any thread, with a scheduler. Throws what the call throws.
  template <class F>
  static std::invoke_result_t<F> run(F&& f) {
    using Result = std::invoke_result_t<F>;
    if constexpr (std::is_void_v<Result>) {
      hand_over([&f] { std::invoke(std::forward<F>(f)); });
    } else if constexpr (std::is_reference_v<Result>) {
      std::remove_reference_t<Result>* result = nullptr;
      hand_over([&f, &result] {
        auto&& returned = std::invoke(std::forward<F>(f));
        result = std::addressof(returned);
      });
      return static_cast<Result>(*result);
    } else {
      std::optional<Result> result;
      hand_over([&f, &result] { result.emplace(std::invoke(std::forward<F>(f))); });
      return std::move(*result);
    }
  }

 private:
  /// One helper thread's place among the idle ones; on its stack.
  struct Helper {
    FutexParkingSlot slot;
    Helper* below = nullptr;
  };

  static FiberBlockingHelpers& of_this_process() {
    static constinit PerProcess<FiberBlockingHelpers> helpers;
    return helpers.get();
  }

  template <class F>
  static void hand_over(F&& f) {
    struct Call final : BlockingCall {
      explicit Call(F& function) noexcept : f(function) {}
      void call() override { f(); }
      F& f;
    } call(f);
    of_this_process().submit(call);
    call.await();
  }

  void submit(BlockingCall& call) {
    FutexWakeup wakeup;
    const std::lock_guard lock(mutex_);
    if (idle_ == nullptr && helpers_ < most_helpers) start_helper();
    (last_ == nullptr ? first_ : last_->next) = &call;
    last_ = &call;
    if (idle_ == nullptr) return;
    wakeup = std::exchange(idle_, idle_->below)->slot.unpark();
  }

  /// Where the system has no thread to give, those that there are must do.
  void start_helper() {
    const BlockedSignals inherited;
    try {
      std::thread([this] { serve(); }).detach();
      ++helpers_;
    } catch (const std::system_error&) {
      if (helpers_ == 0) throw;
    }
  }

  [[noreturn]] void serve() {
    pthread_setname_np(pthread_self(), "carpool-helper");
    Helper self;
    for (;;) {
      BlockingCall* const call = take(self);
      if (call == nullptr) {
        self.slot.park_until(never);
      } else {
        const FiberWakeup wakeup = call->run();
      }
    }
  }

  /// nullptr: there is none, and the helper is now among the idle.
  [[nodiscard]] BlockingCall* take(Helper& helper) noexcept {
    const std::lock_guard lock(mutex_);
    if (first_ == nullptr) {
      helper.below = std::exchange(idle_, &helper);
      return nullptr;
    }
    BlockingCall* const call = first_;
    first_ = call->next;
    if (first_ == nullptr) last_ = nullptr;
    return call;
  }

  static constexpr std::size_t most_helpers = 4;

  std::mutex mutex_;  // protects what follows
  BlockingCall* first_ = nullptr;
  BlockingCall* last_ = nullptr;
  Helper* idle_ = nullptr;
  std::size_t helpers_ = 0;
};

}  // namespace carpool::detail

/// An executor of continuations that runs what was posted when it is told to.
#pragma once

#include <carpool/continuation.hpp>

#include <mutex>
#include <utility>

class QueueExecutor {
 public:
  void post(carpool::Continuation& continuation) noexcept {
    const std::lock_guard lock(mutex_);
    continuation.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &continuation;
    last_ = &continuation;
  }
  /// All that were posted before.
  void run() {
    for (carpool::Continuation* each = take(); each != nullptr;) {
      carpool::Continuation* const following = each->next;
      each->resume(*each);
      each = following;
    }
  }

 private:
  [[nodiscard]] carpool::Continuation* take() noexcept {
    const std::lock_guard lock(mutex_);
    last_ = nullptr;
    return std::exchange(first_, nullptr);
  }

  std::mutex mutex_;
  carpool::Continuation* first_ = nullptr;
  carpool::Continuation* last_ = nullptr;
};

static_assert(carpool::ContinuationExecutor<QueueExecutor>);

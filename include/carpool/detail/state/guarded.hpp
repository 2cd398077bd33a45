/// A value that can be reached only through the lock that guards it.
#pragma once

#include <utility>

namespace carpool::detail {

/// Holds a T and the mutex for it. access() locks; the T is reachable through the Access alone. Each time that an
/// Access has locked, it has the T gather() what rests elsewhere, so that its holder sees everything; peek() leaves
/// that out.
template <class T, class Mutex>
class Guarded {
 public:
  class Access {
   public:
    enum class Look : bool { whole, peek };

    Access(Guarded& guarded, Look look) : guarded_(&guarded) {
      guarded.mutex_.lock();
      if (look == Look::whole) guarded.value_.gather();
    }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
    ~Access() {
      if (guarded_ != nullptr && held_) guarded_->mutex_.unlock();
    }

    void unlock() noexcept {
      held_ = false;
      guarded_->mutex_.unlock();
    }
    void lock() {
      guarded_->mutex_.lock();
      held_ = true;
      guarded_->value_.gather();
    }
    T* operator->() noexcept { return &guarded_->value_; }
    T& operator*() noexcept { return guarded_->value_; }

   private:
    Guarded* guarded_;
    bool held_ = true;
  };

  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  [[nodiscard]] Access access() { return Access(*this, Access::Look::whole); }
  [[nodiscard]] Access peek() { return Access(*this, Access::Look::peek); }
  /// For a forked child alone, where the lock's holder may not exist.
  [[nodiscard]] T& without_lock() noexcept { return value_; }

 private:
  Mutex mutex_;
  T value_;
};

}  // namespace carpool::detail

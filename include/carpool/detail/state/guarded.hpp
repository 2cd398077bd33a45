/// A value that can be reached only through the lock that guards it.
#pragma once

#include <utility>

namespace carpool::inline v0_1::detail {

/// Holds a T and the mutex for it. access() locks; the T is reachable through the Access alone. Each time that an
/// Access has locked, it calls the T's flush_worker_cache(), so that its holder sees every connection.
/// access_without_flush() leaves that out.
template <class T, class Mutex>
class Guarded {
 public:
  class Access {
   public:
    enum class Flush : bool { first, none };

    Access(Guarded& guarded, Flush flush) : guarded_(&guarded) {
      guarded.mutex_.lock();
      if (flush == Flush::first) guarded.value_.flush_worker_cache();
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
      guarded_->value_.flush_worker_cache();
    }
    T* operator->() noexcept { return &guarded_->value_; }
    T& operator*() noexcept { return guarded_->value_; }

   private:
    Guarded* guarded_;
    bool held_ = true;
  };

  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  [[nodiscard]] Access access() { return Access(*this, Access::Flush::first); }
  [[nodiscard]] Access access_without_flush() { return Access(*this, Access::Flush::none); }
  /// For a forked child alone, where the lock's holder may not exist.
  [[nodiscard]] T& without_lock() noexcept { return value_; }

 private:
  Mutex mutex_;
  T value_;
};

}  // namespace carpool::inline v0_1::detail

/// The callers of one execution context that wait for a connection: none of them outlives the context.
#pragma once

#include <boost/asio/execution_context.hpp>

#include <mutex>
#include <thread>
#include <utility>

namespace carpool::inline v0_1::detail {

/// A service of every execution context whose handlers wait. When the context shuts down, it takes its waiters out of
/// their pools' wait queues and destroys them, handlers included, as Asio does with all operations.
class AsioWaiters final : public boost::asio::execution_context::service {
 public:
  /// One that waits, from insert() on until it is posted or removed.
  class Waiter {
   public:
    Waiter() noexcept = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    /// The context goes. True: it has ended, and *this is gone. False: it was told to look and is about to be posted.
    [[nodiscard]] virtual bool abandon() noexcept = 0;

   protected:
    virtual ~Waiter() = default;

   private:
    friend AsioWaiters;
    Waiter* previous_ = nullptr;
    Waiter* next_ = nullptr;
    bool listed_ = false;
  };

  // NOLINTNEXTLINE(readability-identifier-naming): Asio looks for this name
  static inline boost::asio::execution_context::id id;
  using key_type = AsioWaiters;  // NOLINT(readability-identifier-naming): the same

  explicit AsioWaiters(boost::asio::execution_context& context) : service(context) {}

  void insert(Waiter& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    waiter.listed_ = true;
    waiter.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &waiter;
    first_ = &waiter;
  }
  void remove(Waiter& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    unlink(waiter);
  }
  /// What has been posted is the context's, so nothing can be posted after it has shut down: shutdown() waits for those
  /// that are listed. The waiter may be gone when this returns.
  template <class Post>
  void post(Waiter& waiter, Post post_it) noexcept {
    const std::lock_guard lock(mutex_);
    unlink(waiter);
    post_it();
  }

 private:
  void shutdown() noexcept override {
    while (Waiter* const waiter = first()) {
      if (!waiter->abandon()) std::this_thread::yield();
    }
  }
  [[nodiscard]] Waiter* first() noexcept {
    const std::lock_guard lock(mutex_);
    return first_;
  }
  void unlink(Waiter& waiter) noexcept {
    if (!std::exchange(waiter.listed_, false)) return;
    (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
    if (waiter.next_ != nullptr) waiter.next_->previous_ = waiter.previous_;
    waiter.previous_ = waiter.next_ = nullptr;
  }

  std::mutex mutex_;
  Waiter* first_ = nullptr;
};

}  // namespace carpool::inline v0_1::detail

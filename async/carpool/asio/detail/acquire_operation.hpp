/// An acquire that completes a handler of Boost.Asio's.
#pragma once

#include <carpool/acquiring.hpp>
#include <carpool/asio/detail/post_memory.hpp>
#include <carpool/asio/detail/waiters.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Owns itself while it waits; then what has been posted for it does. Result says how the handler is told: its
/// `Error of_caught()` is called in a catch clause.
template <class Pool, class Result, class Handler>
class AsioAcquireOperation final : Acquiring<Pool>, AsioWaiters::Waiter {
  using Base = Acquiring<Pool>;
  using Lease = typename Pool::Lease;
  using Target = typename Pool::Target;
  using Executor = boost::asio::associated_executor_t<Handler>;
  using Work = std::decay_t<decltype(boost::asio::prefer(std::declval<Executor>(),
                                                         boost::asio::execution::outstanding_work.tracked))>;
  using Allocator =
      typename std::allocator_traits<RecyclingAllocator<Handler>>::template rebind_alloc<AsioAcquireOperation>;
  static_assert(Acquiring<Pool>::is_safe_in_coroutines,
                "A coroutine may be destroyed in the middle of an exchange: the connector needs reusable or in_step");
  static_assert(!std::is_same_v<Executor, boost::asio::system_executor>,
                "async_acquire must know where to complete: use bind_executor, or a token that knows");

 public:
  /// False: nothing is ready, and the handler is the caller's still.
  [[nodiscard]] static bool post_if_ready(Pool& pool, const Target& target, const SourceLocation& site,
                                          Handler& handler) {
    typename Result::Error error{};
    Lease lease;
    try {
      lease = Base::take_if_ready(pool, target, site);
      if (!lease) return false;
    } catch (...) {
      error = Result::of_caught();
    }
    const auto executor = boost::asio::get_associated_executor(handler);
    boost::asio::post(executor, [done = std::move(handler), error, given = std::move(lease)]() mutable {
      std::move(done)(std::move(error), std::move(given));
    });
    return true;
  }

  /// Completes by a post, never within this call.
  static void wait(Pool& pool, const Target& target, std::optional<TimePoint> deadline, const SourceLocation& site,
                   Handler handler) {
    Allocator allocator(recycling_allocator(handler));
    auto* const memory = std::allocator_traits<Allocator>::allocate(allocator, 1);
    auto* const self = std::construct_at(memory, pool, target, deadline, site, std::move(handler));
    self->waiters_.insert(*self);
    auto slot = boost::asio::get_associated_cancellation_slot(self->handler_);
    if (slot.is_connected()) slot.assign([self](boost::asio::cancellation_type) { self->call_off(); });
    if (!self->begin()) return;  // *self may be gone
    self->over_ = true;
    self->post();
  }

  AsioAcquireOperation(Pool& pool, const Target& target, std::optional<TimePoint> deadline, const SourceLocation& site,
                       Handler handler)
      : Base(pool, target, deadline, site,
             [](Base& self) noexcept { static_cast<AsioAcquireOperation&>(self).post(); }),
        handler_(std::move(handler)),
        work_(boost::asio::prefer(boost::asio::get_associated_executor(handler_),
                                  boost::asio::execution::outstanding_work.tracked)),
        waiters_(boost::asio::use_service<AsioWaiters>(boost::asio::query(work_, boost::asio::execution::context))) {}

 private:
  /// What is posted. A context that ends without running it destroys it, and so the operation.
  struct Look {
    AsioAcquireOperation* self;
    explicit Look(AsioAcquireOperation* own) noexcept : self(own) {}
    Look(Look&& other) noexcept : self(std::exchange(other.self, nullptr)) {}
    Look& operator=(Look&&) = delete;
    ~Look() {
      if (self != nullptr) self->destroy();
    }
    void operator()() {
      AsioAcquireOperation* const own = std::exchange(self, nullptr);
      if (!own->over_) own->waiters_.insert(*own);  // before it waits again, if it must
      if (own->over_ || own->proceed()) own->complete();
    }
  };

  /// By the worker that has something for it, perhaps in the destructor of a lease.
  void post() noexcept {
    waiters_.post(*this, [this] {
      boost::asio::post(work_, boost::asio::bind_allocator(PostAllocator<void>(memory_), Look(this)));
    });
  }
  void complete() {
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    typename Result::Error error{};
    Lease lease;
    try {
      lease = this->lease();
    } catch (...) {
      error = Result::of_caught();
    }
    Handler handler = std::move(handler_);
    const Work work = std::move(work_);
    destroy();  // before the upcall, which may use the memory again
    std::move(handler)(std::move(error), std::move(lease));
  }
  [[nodiscard]] bool abandon() noexcept override {
    if (!this->withdraw()) return false;
    destroy();
    return true;
  }
  void destroy() noexcept {
    waiters_.remove(*this);
    Allocator allocator(recycling_allocator(handler_));
    std::destroy_at(this);
    std::allocator_traits<Allocator>::deallocate(allocator, this, 1);
  }

  Handler handler_;
  Work work_;
  AsioWaiters& waiters_;
  bool over_ = false;  // begin() has ended it
  PostMemory memory_;
};

}  // namespace carpool::inline v0_1::detail

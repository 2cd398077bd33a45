/// A drain or a close that completes a handler of Boost.Asio's.
#pragma once

#include <carpool/asio/detail/post_memory.hpp>
#include <carpool/asio/detail/waiters.hpp>
#include <carpool/ending.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Owns itself while it waits; then what has been posted for it does.
template <class Pool, class Handler>
class AsioEndOperation final : Ending<Pool>, AsioWaiters::Waiter {
  using Base = Ending<Pool>;
  using Executor = boost::asio::associated_executor_t<Handler>;
  using Work = std::decay_t<decltype(boost::asio::prefer(std::declval<Executor>(),
                                                         boost::asio::execution::outstanding_work.tracked))>;
  using Allocator =
      typename std::allocator_traits<RecyclingAllocator<Handler>>::template rebind_alloc<AsioEndOperation>;
  static_assert(!std::is_same_v<Executor, boost::asio::system_executor>,
                "async_drain and async_close must know where to complete: use bind_executor, or a token that knows");

 public:
  /// The handler is always completed by a post, never within this call.
  static void start(Pool& pool, EndKind kind, TimePoint deadline, Handler handler) {
    Allocator allocator(recycling_allocator(handler));
    auto* const memory = std::allocator_traits<Allocator>::allocate(allocator, 1);
    auto* const self = std::construct_at(memory, pool, kind, deadline, std::move(handler));
    self->waiters_.insert(*self);
    auto slot = boost::asio::get_associated_cancellation_slot(self->handler_);
    if (slot.is_connected()) slot.assign([self](boost::asio::cancellation_type) { self->call_off(); });
    if (self->begin()) self->post();  // else *self may be gone
  }

  AsioEndOperation(Pool& pool, EndKind kind, TimePoint deadline, Handler handler)
      : Base(pool, kind, deadline, [](Base& self) noexcept { static_cast<AsioEndOperation&>(self).post(); }),
        handler_(std::move(handler)),
        work_(boost::asio::prefer(boost::asio::get_associated_executor(handler_),
                                  boost::asio::execution::outstanding_work.tracked)),
        waiters_(boost::asio::use_service<AsioWaiters>(boost::asio::query(work_, boost::asio::execution::context))) {}

 private:
  /// What is posted. A context that ends without running it destroys it, and so the operation.
  struct Done {
    AsioEndOperation* self;
    explicit Done(AsioEndOperation* own) noexcept : self(own) {}
    Done(Done&& other) noexcept : self(std::exchange(other.self, nullptr)) {}
    Done& operator=(Done&&) = delete;
    ~Done() {
      if (self != nullptr) self->destroy();
    }
    void operator()() { std::exchange(self, nullptr)->complete(); }
  };

  /// By the worker that brought the end, perhaps in the destructor of a lease.
  void post() noexcept {
    waiters_.post(*this, [this] {
      boost::asio::post(work_, boost::asio::bind_allocator(PostAllocator<void>(memory_), Done(this)));
    });
  }
  void complete() {
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    const Ended ended = this->result();
    Handler handler = std::move(handler_);
    const Work work = std::move(work_);
    destroy();  // before the upcall, which may use the memory again
    std::move(handler)(error_of(ended), ended.left);
  }
  /// What came to its end just before it was called off is no error.
  [[nodiscard]] static std::exception_ptr error_of(const Ended& ended) {
    if (!ended.called_off || ended.left == 0) return nullptr;
    return std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted, "end of a pool"));
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
  PostMemory memory_;
};

}  // namespace carpool::inline v0_1::detail

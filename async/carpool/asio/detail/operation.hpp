/// A handler of Boost.Asio's that waits for something of a pool's.
#pragma once

#include <carpool/asio/detail/post_memory.hpp>
#include <carpool/asio/detail/waiters.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Core is what the pool knows of it: an Acquiring, or an Ending. The operation owns itself while it waits; then what
/// has been posted for it does. `void Derived::run()` is called on the handler's executor, once for each post.
template <class Derived, class Core, class Handler>
class AsioOperation : protected Core, protected AsioWaiters::Waiter {
  using Executor = boost::asio::associated_executor_t<Handler>;
  using Work = std::decay_t<decltype(boost::asio::prefer(std::declval<Executor>(),
                                                         boost::asio::execution::outstanding_work.tracked))>;
  static_assert(!std::is_same_v<Executor, boost::asio::system_executor>,
                "An operation on a pool must know where to complete: use bind_executor, or a token that knows");

 public:
  template <class... Arguments>
  explicit AsioOperation(Handler handler, Arguments&&... arguments)
      : Core(std::forward<Arguments>(arguments)...,
             [](Core& self) noexcept { static_cast<AsioOperation&>(self).post(); }),
        handler_(std::move(handler)),
        work_(boost::asio::prefer(boost::asio::get_associated_executor(handler_),
                                  boost::asio::execution::outstanding_work.tracked)),
        waiters_(boost::asio::use_service<AsioWaiters>(boost::asio::query(work_, boost::asio::execution::context))) {}

 protected:
  /// Listed with its context, and within reach of its cancellation slot.
  template <class... Arguments>
  [[nodiscard]] static Derived& make(Handler handler, Arguments&&... arguments) {
    Derived& self = create(std::move(handler), std::forward<Arguments>(arguments)...);
    try {
      self.listen_to_slot();
    } catch (...) {
      self.destroy();
      throw;
    }
    self.list();
    return self;
  }
  /// Before it waits: a context that shuts down takes out what is listed.
  void list() noexcept { waiters_.insert(*this); }
  /// By the worker that has something for it, perhaps in the destructor of a lease. *this may be gone afterwards.
  void post() noexcept {
    waiters_.post(*this, [this] {
      boost::asio::post(work_, boost::asio::bind_allocator(PostAllocator<void>(memory_), Run(this)));
    });
  }
  /// The slot is free for what the handler begins next.
  void clear_slot() noexcept { boost::asio::get_associated_cancellation_slot(handler_).clear(); }
  /// The last step. *this is gone before the handler runs, which may use the memory again.
  template <class... Results>
  void complete(Results... results) {
    Handler handler = std::move(handler_);
    const Work work = std::move(work_);
    destroy();
    std::move(handler)(std::move(results)...);
  }

 private:
  using Allocator = typename std::allocator_traits<RecyclingAllocator<Handler>>::template rebind_alloc<Derived>;
  using Traits = std::allocator_traits<Allocator>;

  /// What is posted. A context that ends without running it destroys it, and so the operation.
  struct Run {
    AsioOperation* self;
    explicit Run(AsioOperation* own) noexcept : self(own) {}
    Run(Run&& other) noexcept : self(std::exchange(other.self, nullptr)) {}
    Run& operator=(Run&&) = delete;
    ~Run() {
      if (self != nullptr) self->destroy();
    }
    void operator()() { static_cast<Derived*>(std::exchange(self, nullptr))->run(); }
  };

  template <class... Arguments>
  [[nodiscard]] static Derived& create(Handler handler, Arguments&&... arguments) {
    Allocator allocator(recycling_allocator(handler));
    auto* const memory = Traits::allocate(allocator, 1);
    try {
      return *std::construct_at(memory, std::move(handler), std::forward<Arguments>(arguments)...);
    } catch (...) {
      Traits::deallocate(allocator, memory, 1);
      throw;
    }
  }
  void listen_to_slot() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.assign([this](boost::asio::cancellation_type) { this->call_off(); });
  }
  [[nodiscard]] bool abandon() noexcept override {
    if (!this->withdraw()) return false;
    destroy();
    return true;
  }
  void destroy() noexcept {
    waiters_.remove(*this);
    Allocator allocator(recycling_allocator(handler_));
    auto* const self = static_cast<Derived*>(this);
    std::destroy_at(self);
    Traits::deallocate(allocator, self, 1);
  }

  Handler handler_;
  Work work_;
  AsioWaiters& waiters_;
  PostMemory memory_;
};

}  // namespace carpool::inline v0_1::detail

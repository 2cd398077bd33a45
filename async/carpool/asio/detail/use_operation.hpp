/// The second half of async_with_connection: what is done with the lease once it is there.
#pragma once

#include <carpool/asio/detail/outcome.hpp>
#include <carpool/asio/detail/use.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The lease lives as long as the user's coroutine, or ends with the frame where that is destroyed. Every type of
/// cancellation reaches what the coroutine awaits.
template <class Awaitable, class Lease, class Use>
Awaitable use_lease(Lease lease, Use use) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
  try {
    if constexpr (std::is_void_v<typename AsioUse<Awaitable>::Result>) {
      co_await use(*lease);
      lease.release();
    } else {
      auto result = co_await use(*lease);
      lease.release();
      co_return result;
    }
  } catch (...) {
    lease.release_after(std::current_exception());
    throw;
  }
}

/// The user's handler with its associates, except for its cancellation slot: a cancellation that comes when the lease
/// is on its way must not be lost, so the slot's state remembers it.
template <class Handler>
class AsioUseHandler {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Asio looks for these names
  using executor_type = boost::asio::associated_executor_t<Handler>;
  using allocator_type = boost::asio::associated_allocator_t<Handler>;
  using cancellation_slot_type = boost::asio::cancellation_slot;
  // NOLINTEND(readability-identifier-naming)

  explicit AsioUseHandler(Handler told)
      : handler(std::move(told)),
        cancellation(boost::asio::get_associated_cancellation_slot(handler), boost::asio::enable_total_cancellation()) {
  }

  [[nodiscard]] executor_type get_executor() const noexcept { return boost::asio::get_associated_executor(handler); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return boost::asio::get_associated_allocator(handler); }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return cancellation.slot(); }

  /// Of co_spawn. It clears no slot, so nor is the user's cleared: a handler of co_spawn's stays in both.
  template <class... R>
  void operator()(std::exception_ptr error, R... result) {
    std::move(handler)(std::move(error), std::move(result)...);
  }

  Handler handler;
  boost::asio::cancellation_state cancellation;
};

/// The handler of an async_acquire.
template <class Lease, class Use, class Handler>
class AsioUseOperation {
  using UseHandler = AsioUseHandler<Handler>;

 public:
  // NOLINTBEGIN(readability-identifier-naming): Asio looks for these names
  using executor_type = typename UseHandler::executor_type;
  using allocator_type = typename UseHandler::allocator_type;
  using cancellation_slot_type = typename UseHandler::cancellation_slot_type;
  // NOLINTEND(readability-identifier-naming)

  AsioUseOperation(Use use, Handler handler) : use_(std::move(use)), told_(std::move(handler)) {}

  [[nodiscard]] executor_type get_executor() const noexcept { return told_.get_executor(); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return told_.get_allocator(); }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return told_.get_cancellation_slot(); }

  void operator()(std::exception_ptr error, Lease lease) {
    if (error == nullptr && told_.cancellation.cancelled() != boost::asio::cancellation_type::none) {
      lease.release();
      error = std::make_exception_ptr(
          boost::system::system_error(boost::asio::error::operation_aborted, "async_with_connection"));
    }
    if (error == nullptr && User::is_coroutine) return await_use(std::move(lease));
    Outcome outcome;
    outcome.error = std::move(error);
    if constexpr (!User::is_coroutine) call_use(std::move(lease), outcome);
    boost::asio::get_associated_cancellation_slot(told_.handler).clear();
    outcome.deliver(std::move(told_.handler));
  }

 private:
  using Connection = typename Lease::Connection;
  using User = AsioUseOf<Use, Connection>;
  using Outcome = AsioOutcome<typename User::Result>;

  void call_use(Lease lease, Outcome& outcome) {
    if (outcome.error != nullptr) return;
    try {
      outcome.run([&]() -> typename User::Result { return use_(*lease); });
      lease.release();
    } catch (...) {
      outcome.error = std::current_exception();
      lease.release_after(outcome.error);
    }
  }
  void await_use([[maybe_unused]] Lease lease) {
    if constexpr (User::is_coroutine) {
      using Awaitable = std::remove_cv_t<std::invoke_result_t<Use&, Connection&>>;
      const executor_type executor = get_executor();
      boost::asio::co_spawn(executor, use_lease<Awaitable>(std::move(lease), std::move(use_)), std::move(told_));
    }
  }

  Use use_;
  UseHandler told_;
};

}  // namespace carpool::inline v0_1::detail

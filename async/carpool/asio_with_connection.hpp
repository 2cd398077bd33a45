/// A connection for the time of one function or coroutine, with Boost.Asio's completion tokens.
#pragma once

#include <carpool/asio/detail/use.hpp>
#include <carpool/asio/detail/use_operation.hpp>
#include <carpool/asio_acquire.hpp>

#include <boost/asio/async_result.hpp>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

template <class Pool, class Use, class Token>
auto initiate_use(Pool& pool, const typename Pool::Target& target, Use use, const SourceLocation& site, Token&& token) {
  using User = AsioUseOf<Use, typename Pool::Connection>;
  check_asio_use<Use, typename Pool::Connection>();
  return boost::asio::async_initiate<Token, typename AsioOutcome<typename User::Result>::Signature>(
      [&pool, target, site](auto handler, Use function) {
        using WithLease = AsioUseOperation<typename Pool::Lease, Use, std::decay_t<decltype(handler)>>;
        using Operation = AsioAcquireOperation<Pool, AsioExceptionResult, WithLease>;
        WithLease then(std::move(function), std::move(handler));
        if (Operation::post_if_ready(pool, target, site, then)) return;
        Operation::wait(pool, target, std::nullopt, site, std::move(then));
      },
      token, std::move(use));
}

}  // namespace detail

/// use(connection) with a connection of the pool's, as ConnectionPool::with_connection: `use` is a function, or a
/// coroutine function that returns boost::asio::awaitable<R>. Both run on the handler's associated executor. The lease
/// lasts exactly as long: it ends before the handler is called. Completes with void(std::exception_ptr, R), or
/// void(std::exception_ptr); what async_acquire throws, and what `use` throws, are the exception.
/// Result:       a value with a default, no reference and no pointer to the connection.
/// Exceptions:   where `use` throws, the connector's handle_exception, or else its in_step, decides whether the
///               connection is kept or closed.
/// Deadline:     options.acquire_timeout for the wait. `use` has the deadlines that it gives itself.
/// Cancellation: of every type, by the associated slot: it ends the wait, and reaches what the coroutine awaits. What
///               the coroutine does then decides as any exception of its own. A plain function is not interrupted.
/// Destruction:  a context that goes destroys the coroutine's frame, and the lease with it; no exception is in flight
///               then, so the connector's reusable, or in_step, decides.
/// Allocation:   that of async_acquire, and the frames of a coroutine.
/// Lifetime:     `use` is moved into the operation. The pool must be there for this call, and may go meanwhile.
template <detail::PoolWithoutTargets Pool, class Use, class Token>
  requires std::invocable<std::decay_t<Use>&, typename Pool::Connection&>
auto async_with_connection(Pool& pool, Use&& use, Token&& token, SourceLocation site = SourceLocation::current()) {
  return detail::initiate_use<Pool, std::decay_t<Use>>(pool, {}, std::forward<Use>(use), site,
                                                       std::forward<Token>(token));
}
template <class Pool, class Use, class Token>
  requires std::invocable<std::decay_t<Use>&, typename Pool::Connection&>
auto async_with_connection(Pool& pool, const typename Pool::Target& target, Use&& use, Token&& token,
                           SourceLocation site = SourceLocation::current()) {
  return detail::initiate_use<Pool, std::decay_t<Use>>(pool, target, std::forward<Use>(use), site,
                                                       std::forward<Token>(token));
}

}  // namespace carpool::inline v0_1

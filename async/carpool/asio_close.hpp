/// The end of a pool, awaited with Boost.Asio's completion tokens: nobody's thread sleeps for it.
#pragma once

#include <carpool/asio/detail/end_operation.hpp>
#include <carpool/ending.hpp>
#include <carpool/time.hpp>

#include <boost/asio/async_result.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// A token that completes with the number of what is left at the deadline, or an exception where it was cancelled.
template <class Token>
concept EndToken = boost::asio::completion_token_for<Token, void(std::exception_ptr, std::size_t)>;

namespace detail {

template <class Pool, class Token>
auto initiate_end(Pool& pool, EndKind kind, TimePoint deadline, Token&& token) {
  return boost::asio::async_initiate<Token, void(std::exception_ptr, std::size_t)>(
      [&pool, kind, deadline](auto handler) {
        using Handler = std::decay_t<decltype(handler)>;
        AsioEndOperation<Pool, Handler>::start(pool, kind, deadline, std::move(handler));
      },
      token);
}

}  // namespace detail

/// Drains the pool as ConnectionPool::drain does: at once no lease is given any more, and idle connections are closed.
/// Completes on the associated executor, by a post, with void(std::exception_ptr, std::size_t): how many leases were
/// still out at the end of `timeout`; 0: all are back. carpool::forever: without a deadline.
/// Cancellation: of every type, by the associated slot, ends the wait with
///               boost::system::system_error(operation_aborted). The pool stays closed.
/// Threads:      any may call it, and several may wait at a time. Who brings the last lease back posts, and neither
///               allocates nor runs a handler.
/// Lifetime:     the pool may be destroyed meanwhile, which ends the wait as its deadline does. A context that is
///               destroyed first destroys the handler.
template <class Pool, EndToken Token>
auto async_drain(Pool& pool, SaturatedDuration timeout, Token&& token) {
  return detail::initiate_end(pool, EndKind::drain, Pool::Ending::deadline_in(timeout), std::forward<Token>(token));
}

/// The same with ConnectionPool::close, and it waits until no connection is left: leases are back, goodbyes are said,
/// connects have ended. After that the destructor has no connect, ping or goodbye to wait for. Completes with how many
/// connections there still were at the end of `timeout`.
template <class Pool, EndToken Token>
auto async_close(Pool& pool, SaturatedDuration timeout, Token&& token) {
  return detail::initiate_end(pool, EndKind::close, Pool::Ending::deadline_in(timeout), std::forward<Token>(token));
}

}  // namespace carpool::inline v0_1

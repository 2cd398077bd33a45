/// Any pool on a concurrent backend, asked with Boost.Asio's completion tokens: co_await, callbacks, futures.
#pragma once

#include <carpool/acquiring.hpp>
#include <carpool/asio/detail/acquire_operation.hpp>
#include <carpool/asio/detail/results.hpp>
#include <carpool/time.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace carpool::inline v0_1 {

/// A token that completes with a lease, or with the exception that ConnectionPool::acquire would have thrown.
template <class Token, class Pool>
concept LeaseToken = boost::asio::completion_token_for<Token, void(std::exception_ptr, typename Pool::Lease)>;
/// The same with an error code in place of the exception.
template <class Token, class Pool>
concept LeaseCodeToken =
    boost::asio::completion_token_for<Token, void(boost::system::error_code, typename Pool::Lease)>;

namespace detail {

template <class Pool>
concept PoolWithoutTargets = std::same_as<typename Pool::Target, std::monostate>;

template <class Result, class Pool, class Token>
auto initiate_acquire(Pool& pool, const typename Pool::Target& target, std::optional<TimePoint> deadline,
                      const SourceLocation& site, Token&& token) {
  return boost::asio::async_initiate<Token, void(typename Result::Error, typename Pool::Lease)>(
      [&pool, target, deadline, site](auto handler) {
        using Operation = AsioAcquireOperation<Pool, Result, std::decay_t<decltype(handler)>>;
        if (Operation::post_if_ready(pool, target, site, handler)) return;
        Operation::wait(pool, target, deadline, site, std::move(handler));
      },
      token);
}
/// Where nothing was ready a moment ago.
template <class Pool>
auto co_wait(Pool& pool, const typename Pool::Target& target, const SourceLocation& site) {
  using Token = boost::asio::use_awaitable_t<>;
  return boost::asio::async_initiate<const Token, void(std::exception_ptr, typename Pool::Lease)>(
      [&pool, &target, site](auto handler) {
        using Operation = AsioAcquireOperation<Pool, AsioExceptionResult, std::decay_t<decltype(handler)>>;
        Operation::wait(pool, target, std::nullopt, site, std::move(handler));
      },
      boost::asio::use_awaitable);
}

}  // namespace detail

/// A lease for the handler, which completes on its associated executor, by a post: void(std::exception_ptr, Lease).
/// Deadline:     options.acquire_timeout, unless acquire_until is meant: async_acquire_until.
/// Cancellation: of every type, by the associated slot: boost::system::system_error(operation_aborted), or else a lease
///               that was granted before. Nothing is lost by either.
/// Allocation:   one block by the associated allocator, or Asio's recycling one; who gives a connection back allocates
///               nothing, unless the executor's post does (any_io_executor's comes from Asio's recycled blocks).
/// Threads:      any may call it, and leases may end on any.
/// Lifetime:     the pool may be closed and destroyed meanwhile. A context that is destroyed first takes its waiters
///               out of the wait queue.
template <detail::PoolWithoutTargets Pool, LeaseToken<Pool> Token>
auto async_acquire(Pool& pool, Token&& token, SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioExceptionResult>(pool, {}, {}, site, std::forward<Token>(token));
}
template <class Pool, LeaseToken<Pool> Token>
auto async_acquire(Pool& pool, const typename Pool::Target& target, Token&& token,
                   SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioExceptionResult>(pool, target, {}, site, std::forward<Token>(token));
}
/// Within `timeout` in place of acquire_timeout; 0: only what is ready.
template <detail::PoolWithoutTargets Pool, LeaseToken<Pool> Token>
auto async_acquire_for(Pool& pool, SaturatedDuration timeout, Token&& token,
                       SourceLocation site = SourceLocation::current()) {
  return async_acquire_until(pool, Pool::Acquiring::deadline_in(timeout), std::forward<Token>(token), site);
}
template <class Pool, LeaseToken<Pool> Token>
auto async_acquire_for(Pool& pool, const typename Pool::Target& target, SaturatedDuration timeout, Token&& token,
                       SourceLocation site = SourceLocation::current()) {
  return async_acquire_until(pool, target, Pool::Acquiring::deadline_in(timeout), std::forward<Token>(token), site);
}
/// Until a point on the clock of the pool's backend.
template <detail::PoolWithoutTargets Pool, LeaseToken<Pool> Token>
auto async_acquire_until(Pool& pool, TimePoint deadline, Token&& token,
                         SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioExceptionResult>(pool, {}, deadline, site, std::forward<Token>(token));
}
template <class Pool, LeaseToken<Pool> Token>
auto async_acquire_until(Pool& pool, const typename Pool::Target& target, TimePoint deadline, Token&& token,
                         SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioExceptionResult>(pool, target, deadline, site,
                                                               std::forward<Token>(token));
}

/// As async_acquire, with an error code: void(boost::system::error_code, Lease). Its category is "carpool", that of a
/// connector's std::system_error, or Asio's for operation_aborted.
template <detail::PoolWithoutTargets Pool, LeaseCodeToken<Pool> Token>
auto async_acquire_code(Pool& pool, Token&& token, SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioCodeResult>(pool, {}, {}, site, std::forward<Token>(token));
}
template <class Pool, LeaseCodeToken<Pool> Token>
auto async_acquire_code(Pool& pool, const typename Pool::Target& target, Token&& token,
                        SourceLocation site = SourceLocation::current()) {
  return detail::initiate_acquire<detail::AsioCodeResult>(pool, target, {}, site, std::forward<Token>(token));
}

/// For coroutines: as async_acquire, but a connection that is ready is there at once, without a turn of the executor.
template <detail::PoolWithoutTargets Pool>
boost::asio::awaitable<typename Pool::Lease> co_acquire(Pool& pool, SourceLocation site = SourceLocation::current()) {
  const typename Pool::Target none{};
  if (auto ready = Pool::Acquiring::take_if_ready(pool, none, site)) co_return ready;
  co_return co_await detail::co_wait(pool, none, site);
}
template <class Pool>
boost::asio::awaitable<typename Pool::Lease> co_acquire(Pool& pool, typename Pool::Target target,
                                                        SourceLocation site = SourceLocation::current()) {
  if (auto ready = Pool::Acquiring::take_if_ready(pool, target, site)) co_return ready;
  co_return co_await detail::co_wait(pool, target, site);
}

}  // namespace carpool::inline v0_1

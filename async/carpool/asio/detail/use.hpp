/// What a user of a connection may be, and what it gives: a plain function, or a coroutine function of Boost.Asio's.
#pragma once

#include <carpool/connection_pool.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <type_traits>

namespace carpool::inline v0_1::detail {

/// By what the callable returns.
template <class Returned>
struct AsioUse {
  static constexpr bool is_coroutine = false;
  using Result = Returned;
};
template <class R, class Executor>
struct AsioUse<boost::asio::awaitable<R, Executor>> {
  static constexpr bool is_coroutine = true;
  using Result = R;
};
template <class Use, class Connection>
using AsioUseOf = AsioUse<std::remove_cv_t<std::invoke_result_t<Use&, Connection&>>>;

/// As ConnectionPool::with_connection, and boost::asio::awaitable is allowed: it is awaited before the lease ends.
template <class Use, class Connection>
constexpr void check_asio_use() noexcept {
  using Result = typename AsioUseOf<Use, Connection>::Result;
  static_assert(!std::is_reference_v<Result>,
                "async_with_connection: the callable must not give a reference, because the lease has ended when the "
                "handler gets it; give a value, or a pointer to what is not the connection's");
  static_assert(
      !std::is_pointer_v<Result> || !std::same_as<std::remove_cv_t<std::remove_pointer_t<Result>>, Connection>,
      "async_with_connection: the callable must not give a pointer to the connection, because the lease has "
      "ended when the handler gets it; async_acquire() a lease to keep it longer");
  static_assert(!Awaitable<Result, Connection>,
                "async_with_connection: of coroutines it awaits boost::asio::awaitable alone; anything else would be "
                "resumed after the lease has ended");
  static_assert(std::is_void_v<Result> || std::default_initializable<Result>,
                "async_with_connection: what the callable gives must have a default value, which the handler gets "
                "beside an exception");
}

}  // namespace carpool::inline v0_1::detail

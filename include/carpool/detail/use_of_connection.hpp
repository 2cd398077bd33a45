/// What with_connection's callable may return: nothing that is of use only while the lease lasts.
#pragma once

#include <type_traits>
#include <utility>

#ifdef __cpp_impl_coroutine
#include <coroutine>
#endif

namespace carpool::inline v0_1::detail {

#ifdef __cpp_impl_coroutine
template <class Result, class Connection>
concept HasPromise = requires { typename std::coroutine_traits<Result, Connection&>::promise_type; };
#else
template <class Result, class Connection>
concept HasPromise = requires { typename Result::promise_type; };
#endif

/// Its work, or a part of it, may be done when it is awaited: after the lease has ended.
template <class Result, class Connection>
concept Awaitable = HasPromise<Result, Connection> || requires(Result result) { result.await_ready(); } ||
                    requires(Result result) { std::move(result).operator co_await(); } ||
                    requires(Result result) { operator co_await(std::move(result)); };

template <class Use, class Connection>
constexpr void check_use() noexcept {
  using Result = std::invoke_result_t<Use, Connection&>;
  static_assert(!std::is_reference_v<Result>,
                "with_connection: the callable must not return a reference, because the lease has ended when its "
                "caller gets it; return a value, or a pointer to what is not the connection's");
  static_assert(
      !std::is_pointer_v<Result> || !std::is_same_v<std::remove_cv_t<std::remove_pointer_t<Result>>, Connection>,
      "with_connection: the callable must not return a pointer to the connection, because the lease has "
      "ended when its caller gets it; acquire() a lease to keep it longer");
  static_assert(!Awaitable<std::remove_cv_t<Result>, Connection>,
                "with_connection: the callable must not return an awaitable or be a coroutine, because the lease ends "
                "before it is resumed; acquire() a lease within the coroutine");
}

}  // namespace carpool::inline v0_1::detail

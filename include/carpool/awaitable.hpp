/// co_await carpool::acquire_on(pool, executor): a lease in any coroutine, on any executor; drain_on, close_on.
#pragma once

#include <carpool/acquiring.hpp>
#include <carpool/ending.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace carpool::inline v0_1 {

namespace detail {

/// Lives in the frame of the coroutine that awaits it.
template <class Pool, ContinuationExecutor Executor>
class [[nodiscard]] AcquireAwaiter : private Continuation {
  static_assert(Acquiring<Pool>::is_safe_in_coroutines,
                "A coroutine may be destroyed in the middle of an exchange: the connector needs reusable or in_step");

 public:
  using Lease = typename Pool::Lease;
  using Target = typename Pool::Target;

  AcquireAwaiter(Pool& pool, Executor& executor, Target target, std::optional<TimePoint> deadline,
                 const SourceLocation& site)
      : Continuation{[](Continuation& self) noexcept { static_cast<AcquireAwaiter&>(self).look(); }},
        executor_(executor),
        acquiring_(pool, std::move(target), deadline, site, *this) {}
  AcquireAwaiter(const AcquireAwaiter&) = delete;
  AcquireAwaiter& operator=(const AcquireAwaiter&) = delete;

  /// What is ready is taken without a suspension.
  [[nodiscard]] bool await_ready() noexcept { return acquiring_.ready(); }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
    coroutine_ = coroutine;
    return !acquiring_.begin();  // suspended: *this may be gone
  }
  [[nodiscard]] Lease await_resume() { return acquiring_.lease(); }

 private:
  struct Waiting final : Acquiring<Pool> {
    Waiting(Pool& pool, Target target, std::optional<TimePoint> deadline, const SourceLocation& site,
            AcquireAwaiter& awaiter)
        : Acquiring<Pool>(pool, std::move(target), deadline, site,
                          [](Acquiring<Pool>& self) noexcept {
                            AcquireAwaiter& own = static_cast<Waiting&>(self).owner;
                            own.executor_.post(own);
                          }),
          owner(awaiter) {}
    AcquireAwaiter& owner;
  };

  /// On the executor's worker.
  void look() noexcept {
    if (acquiring_.proceed()) coroutine_.resume();
  }

  Executor& executor_;
  std::coroutine_handle<> coroutine_;
  Waiting acquiring_;
};

/// Lives in the frame of the coroutine that awaits it.
template <class Pool, ContinuationExecutor Executor>
class [[nodiscard]] EndAwaiter : private Continuation {
 public:
  EndAwaiter(Pool& pool, Executor& executor, EndKind kind, SaturatedDuration timeout) noexcept
      : Continuation{[](Continuation& self) noexcept { static_cast<EndAwaiter&>(self).coroutine_.resume(); }},
        executor_(executor),
        ending_(pool, kind, timeout, *this) {}
  EndAwaiter(const EndAwaiter&) = delete;
  EndAwaiter& operator=(const EndAwaiter&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
    coroutine_ = coroutine;
    return !ending_.begin();  // suspended: *this may be gone
  }
  [[nodiscard]] std::size_t await_resume() noexcept { return ending_.result().left; }

 private:
  struct Waiting final : Ending<Pool> {
    Waiting(Pool& pool, EndKind kind, SaturatedDuration timeout, EndAwaiter& awaiter) noexcept
        : Ending<Pool>(pool, kind, Ending<Pool>::deadline_in(timeout),
                       [](Ending<Pool>& self) noexcept {
                         EndAwaiter& own = static_cast<Waiting&>(self).owner;
                         own.executor_.post(own);
                       }),
          owner(awaiter) {}
    EndAwaiter& owner;
  };

  Executor& executor_;
  std::coroutine_handle<> coroutine_;
  Waiting ending_;
};

}  // namespace detail

/// Awaited, it gives a Lease, within options.acquire_timeout or until the deadline; `executor`, which must outlive the
/// wait, resumes the coroutine. A connection that is ready is there without a suspension.
/// Throws:   what ConnectionPool::acquire does, from the co_await.
/// Lifetime: a coroutine that waits here must not be destroyed: let it end, as by PoolClosed.
template <class Pool, ContinuationExecutor Executor>
  requires(std::is_same_v<typename Pool::Target, std::monostate>)
[[nodiscard]] auto acquire_on(Pool& pool, Executor& executor, std::optional<TimePoint> deadline = {},
                              SourceLocation site = SourceLocation::current()) {
  return detail::AcquireAwaiter<Pool, Executor>(pool, executor, {}, deadline, site);
}
template <class Pool, ContinuationExecutor Executor>
[[nodiscard]] auto acquire_on(Pool& pool, Executor& executor, typename Pool::Target target,
                              std::optional<TimePoint> deadline = {}, SourceLocation site = SourceLocation::current()) {
  return detail::AcquireAwaiter<Pool, Executor>(pool, executor, std::move(target), deadline, site);
}

/// Drains the pool as ConnectionPool::drain does, and gives how many leases were still out at the end of `timeout`.
/// Nobody sleeps meanwhile; `executor`, which must outlive the wait, resumes the coroutine. The pool may be destroyed
/// meanwhile, which ends the wait. A coroutine that waits here must not be destroyed.
template <class Pool, ContinuationExecutor Executor>
[[nodiscard]] auto drain_on(Pool& pool, Executor& executor, SaturatedDuration timeout) {
  return detail::EndAwaiter<Pool, Executor>(pool, executor, EndKind::drain, timeout);
}
/// The same for ConnectionPool::close: it waits until every connection is gone, and gives how many are left.
template <class Pool, ContinuationExecutor Executor>
[[nodiscard]] auto close_on(Pool& pool, Executor& executor, SaturatedDuration timeout) {
  return detail::EndAwaiter<Pool, Executor>(pool, executor, EndKind::close, timeout);
}

}  // namespace carpool::inline v0_1

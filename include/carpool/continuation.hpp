/// What is called in place of waking a worker: how a caller waits that no worker sleeps for.
#pragma once

#include <concepts>

namespace carpool::inline v0_1 {

/// A step that somebody else will run. `resume` is called once for each time that the continuation was handed out.
struct Continuation {
  void (*resume)(Continuation& self) noexcept;  ///< the step; the continuation may be gone when it returns
  Continuation* next = nullptr;                 ///< for whoever holds it until then: the pool's list, or an executor's
};

/// Where a continuation runs: post() returns at once and has `continuation.resume(continuation)` called later, on the
/// executor's own worker. It must not fail: the link of the Continuation makes room for it.
/// Threads: any may post, also while it holds locks of its own.
template <class E>
concept ContinuationExecutor = requires(E& executor, Continuation& continuation) {
  { executor.post(continuation) } noexcept;
};

}  // namespace carpool::inline v0_1

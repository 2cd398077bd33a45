/// A coroutine that begins at once, and that nobody waits for.
#pragma once

#include <coroutine>
#include <exception>

/// An exception that leaves it ends the process.
struct DetachedCoroutine {
  // NOLINTNEXTLINE(readability-identifier-naming): the language's name
  struct promise_type {
    [[nodiscard]] DetachedCoroutine get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

// needs: thread_backend
// Which worker one is, asked again after a coroutine has gone on on another thread. A compiler that keeps the address
// of a thread_local across co_await, as clang does where it optimises, would answer for the thread before.
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <coroutine>
#include <exception>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>

namespace {

using carpool::ThreadBackend;

/// Runs at once, and destroys itself at its end.
struct Detached {
  struct promise_type {
    [[nodiscard]] Detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

/// Suspends, and is left to whoever resumes it.
struct LeftTo {
  std::coroutine_handle<>& handle;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> suspended) const noexcept { handle = suspended; }
  void await_resume() const noexcept {}
};

/// The comparison is the coroutine's own: what a compiler takes for a constant it folds here.
Detached look_twice(std::coroutine_handle<>& handle, bool& same) {
  const carpool::WorkerId before = ThreadBackend::worker();
  co_await LeftTo{handle};
  same = before == ThreadBackend::worker();
}

/// In how many of some coroutines the worker is the same after each was resumed by `resume`.
template <class Resume>
int same_after(Resume resume) {
  constexpr int all = 8;
  bool same[all] = {};
  std::coroutine_handle<> handles[all];
  for (int i = 0; i < all; ++i) look_twice(handles[i], same[i]);
  resume([&] {
    for (const auto handle : handles) handle.resume();
  });
  return static_cast<int>(std::count(std::begin(same), std::end(same), true));
}

TEST(WorkerIdentity, IsTheThreadsThatRunsACoroutineNow) {
  EXPECT_EQ(same_after([](auto all) { all(); }), 8);
  EXPECT_EQ(same_after([](auto all) { std::thread(all).join(); }), 0);
}

}  // namespace

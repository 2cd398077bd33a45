// error: with_connection: the callable must not return an awaitable or be a coroutine
#include "sound_pool.hpp"

#if __has_include(<coroutine>) && defined(__cpp_impl_coroutine)
#include <coroutine>
#else  // clang before 15 has them under another name
#include <utility>
namespace std {
struct suspend_always {
  bool await_ready() const noexcept { return false; }
  template <class Handle>
  void await_suspend(Handle) const noexcept {}
  void await_resume() const noexcept {}
};
}  // namespace std
#endif

struct Task {
  struct promise_type {  // NOLINT(readability-identifier-naming): the language's name
    Task get_return_object() { return {}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

void keep(Pool& pool) {
  auto task = pool.with_connection([](auto&) -> Task { co_return; });
}

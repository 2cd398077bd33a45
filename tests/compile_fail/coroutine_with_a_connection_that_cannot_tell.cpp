// error: A coroutine may be destroyed in the middle of an exchange: the connector needs reusable or in_step
#include <carpool/awaitable.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

struct Blind {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};
struct Executor {
  void post(carpool::Continuation&) noexcept {}
};

void acquire(carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Blind>& pool, Executor& executor) {
  static_cast<void>(carpool::acquire_on(pool, executor));
}

// What a user without Boost writes: one pool on threads with a connector of his own.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

struct Counting {
  struct Connection {
    int answer = 42;
  };
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

int main() {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Counting> pool(Counting{}, {.max_size = 1});
  int answer = 0;
  carpool::ThreadBackend::spawn([&] { answer = pool.acquire()->answer; }).join();
  return answer == 42 ? 0 : 1;
}

// The least that shows that the headers are there and that the CMake package is right.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/version.hpp>

#include <cstdio>

struct Sessions {
  struct Connection {
    int uses = 0;
  };
  Connection connect(carpool::TimePoint /*deadline*/) const { return {}; }
  bool is_connected(const Connection& /*connection*/) const noexcept { return true; }
};

int main() {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions> pool({}, {.max_size = 1});
  for (int i = 0; i < 3; ++i) ++pool.acquire()->uses;
  const int uses = pool.acquire()->uses;
  std::printf("carpool %s: one connection, used %d times\n", carpool::version.data(), uses);
  return uses == 3 ? 0 : 1;
}

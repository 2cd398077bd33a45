// The README's program: a connector of one's own, a pool, three leases.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>

struct Sessions {  // what to open: any movable type will do
  struct Connection {
    int greeted = 0;
  };
  Connection connect(carpool::TimePoint /*deadline*/) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

int main() {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions>;
  Pool pool({}, {.name = "demo", .max_size = 2});
  for (const char* guest : {"Ada", "Grace", "Barbara"}) {
    auto session = pool.acquire();  // waits at most acquire_timeout; the lease gives it back
    std::printf("Hello %s, you are number %d on this connection\n", guest, ++session->greeted);
  }
  try {
    auto first = pool.acquire(), second = pool.acquire();
    auto third = pool.acquire_for(std::chrono::milliseconds(20));
  } catch (const carpool::AcquireTimeout& error) {
    std::printf("%s\n", error.what());  // says who holds them
  }
}

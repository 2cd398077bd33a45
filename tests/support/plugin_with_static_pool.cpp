// A shared object that makes pools while it is loaded: on the thread that loads it, and on another.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <thread>

namespace {

struct Numbers {
  using Connection = int;
  [[nodiscard]] int connect(carpool::TimePoint) const { return 0; }
  [[nodiscard]] bool is_connected(int) const noexcept { return true; }
};

void use_a_pool() {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Numbers> pool(Numbers{});
  static_cast<void>(pool.acquire());
}

/// The other thread is first. It finds the dynamic linker's lock taken, by the thread that loads this object.
struct MakesPools {
  MakesPools() {
    other = std::thread(use_a_pool);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    use_a_pool();
  }
  ~MakesPools() { other.join(); }
  std::thread other;
};

const MakesPools makes_pools;

}  // namespace

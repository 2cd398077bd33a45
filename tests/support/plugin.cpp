// A shared object with a pool of its own in it, which is loaded and unloaded.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

namespace {

struct Numbers {
  using Connection = int;
  [[nodiscard]] int connect(carpool::TimePoint) const { return 0; }
  [[nodiscard]] bool is_connected(int) const noexcept { return true; }
};

}  // namespace

/// Enough that the coarse clock ticks.
extern "C" [[gnu::visibility("default")]] void use_a_pool() {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Numbers> pool(Numbers{});
  for (int i = 0; i < 10'000; ++i) static_cast<void>(pool.acquire());
}

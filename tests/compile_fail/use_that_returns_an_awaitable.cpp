// error: with_connection: the callable must not return an awaitable
#include "sound_pool.hpp"

struct Later {
  bool await_ready() const noexcept { return true; }
};

void keep(Pool& pool) {
  auto later = pool.with_connection([](auto&) { return Later(); });
}

// error: with_connection: the callable must not return a pointer to the connection
#include "sound_pool.hpp"

void keep(Pool& pool) {
  auto* const connection = pool.with_connection([](auto& mine) { return &mine; });
}

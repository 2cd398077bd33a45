// error: with_connection: the callable must not return a reference
#include "sound_pool.hpp"

void keep(Pool& pool) {
  auto&& connection = pool.with_connection([](auto& mine) -> auto& { return mine; });
}

// error: The connector has targets: a member without a leading target cannot know which one is meant
#include "sound_pool.hpp"

auto lend(PoolOfTargets& pool) {
  return pool.with_connection([](auto&) { return 1; });
}

// error: The connector has targets: a member without a leading target cannot know which one is meant
#include "sound_pool.hpp"

auto lend(PoolOfTargets& pool) { return pool.acquire_for(std::chrono::seconds(1)); }

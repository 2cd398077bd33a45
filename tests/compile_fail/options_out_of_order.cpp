// error: declaration order
#include "sound_pool.hpp"

carpool::PoolOptions options{.max_size = 4, .name = "late"};

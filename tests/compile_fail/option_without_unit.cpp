// error: from 'int' to 'carpool::SaturatedDuration
#include "sound_pool.hpp"

carpool::PoolOptions options{.acquire_timeout = 30};

// error: 'int' to 'carpool::Duration
#include "sound_pool.hpp"

carpool::PoolOptions options{.acquire_timeout = 30};

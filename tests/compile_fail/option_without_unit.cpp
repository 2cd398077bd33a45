// error: 'int' to 'carpool::
#include "sound_pool.hpp"

carpool::PoolOptions options{.acquire_timeout = 30};

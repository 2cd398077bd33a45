// error: nodiscard
#include "sound_pool.hpp"

void forget(Pool& pool) { pool.acquire(); }

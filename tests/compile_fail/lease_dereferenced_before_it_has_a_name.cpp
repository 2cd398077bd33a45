// error: Name the lease, or use ->: a temporary lease ends with its statement
#include "sound_pool.hpp"

void share(Pool& pool) { auto& connection = *pool.acquire(); }

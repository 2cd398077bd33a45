// error: deleted
#include "sound_pool.hpp"

void share(const Pool::Lease& mine) { Pool::Lease yours = mine; }

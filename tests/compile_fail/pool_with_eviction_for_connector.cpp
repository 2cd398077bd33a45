// error: Connector needs a type Connection
#include "sound_pool.hpp"

using Swapped = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::IdleTimeout>;

// error: A Backend is an empty type
#include "sound_pool.hpp"

using Swapped = carpool::ConnectionPool<carpool::LifoStack, carpool::ThreadBackend, Connector>;

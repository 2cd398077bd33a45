// error: Queue needs push(Slot&) noexcept
#include "sound_pool.hpp"

using Swapped = carpool::ConnectionPool<carpool::ThreadBackend, Connector, carpool::LifoStack>;

// error: Eviction needs bool expired(const Slot&, TimePoint now) const
#include "sound_pool.hpp"

using Wrong = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector, Connector>;

/// What queues and evictions may know of one pooled connection, whatever its type.
#pragma once

#include <carpool/time.hpp>

#include <cstdint>

namespace carpool::inline v0_1 {

/// Names a worker of a backend: an OS thread, or a simulated one. Only equality means anything.
using WorkerId = std::uintptr_t;

/// The bookkeeping of one connection. The pool writes the facts, always before the slot is idle or while one
/// worker owns it; a Queue owns the links while the slot is in it. A slot never moves in memory.
struct Slot {
  std::uint64_t id = 0;      ///< the connection's number in its pool, ascending from 1; never used twice
  std::uint64_t uses = 0;    ///< how many leases it has served
  TimePoint born{};          ///< when its connect had succeeded
  TimePoint idle_since{};    ///< when it was last given back (or born); while leased, when it last was
  double jitter = 0.0;       ///< drawn once per connection, uniform in [0, 1)
  WorkerId last_worker = 0;  ///< who leased it last; 0 where the queue neither pops for a worker nor lets one cache

  Slot* previous = nullptr;  ///< for the Queue alone
  Slot* next = nullptr;      ///< for the Queue alone
  Slot* child = nullptr;     ///< for the Queue alone
};

}  // namespace carpool::inline v0_1

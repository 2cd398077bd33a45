// error: Queue has worker_caching, but not as static constexpr carpool::WorkerCaching worker_caching
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  static constexpr carpool::WorkerCaching worker_caching() noexcept { return carpool::WorkerCaching::none; }
};
template struct AcceptQueue<Spoilt>;

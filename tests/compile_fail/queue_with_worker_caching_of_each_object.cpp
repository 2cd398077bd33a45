// error: Queue has worker_caching, but not as static constexpr carpool::WorkerCaching worker_caching
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  carpool::WorkerCaching worker_caching = carpool::WorkerCaching::per_worker;
};
template struct AcceptQueue<Spoilt>;

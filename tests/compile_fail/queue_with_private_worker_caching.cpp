// error: Queue has worker_caching, but not as static constexpr carpool::WorkerCaching worker_caching
#include "sound_policies.hpp"

class Spoilt : public SoundQueue {
  static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::none;
};
AcceptQueue<Spoilt> refused;  // g++ takes private for public in an explicit instantiation

// error: Queue has seating, but not as static constexpr carpool::Seating seating
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  carpool::Seating seating = carpool::Seating::each_worker;
};
template struct AcceptQueue<Spoilt>;

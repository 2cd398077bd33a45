// error: Queue has seating, but not as static constexpr carpool::Seating seating
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  static constexpr carpool::Seating seating() noexcept { return carpool::Seating::none; }
};
template struct AcceptQueue<Spoilt>;

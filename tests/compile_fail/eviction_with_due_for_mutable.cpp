// error: Eviction has due, but not as TimePoint due(const Slot&) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  TimePoint due(const Slot&);
};
template struct AcceptEviction<Spoilt>;

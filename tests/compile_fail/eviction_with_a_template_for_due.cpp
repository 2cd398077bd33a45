// error: Eviction has due, but not as TimePoint due(const Slot&) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  template <class Time>
  Time due(const Slot&) const;
};
template struct AcceptEviction<Spoilt>;

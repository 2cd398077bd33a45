// error: Eviction needs bool expired(const Slot&, TimePoint now) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  int expired(const Slot&, TimePoint now) const;
};
template struct AcceptEviction<Spoilt>;

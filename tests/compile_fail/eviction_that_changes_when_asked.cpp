// error: Eviction needs bool expired(const Slot&, TimePoint now) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  bool expired(const Slot&, TimePoint now);
};
template struct AcceptEviction<Spoilt>;

// error: Eviction needs bool expired(const Slot&, TimePoint now) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  bool expired(const Slot&, TimePoint now) const = delete;
};
template struct AcceptEviction<Spoilt>;

// error: Eviction has reason, but not as CloseReason reason(const Slot&, TimePoint now) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  const char* reason(const Slot&, TimePoint) const;
};
template struct AcceptEviction<Spoilt>;

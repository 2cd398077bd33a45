// error: Eviction has reason, but not as CloseReason reason(const Slot&, TimePoint now) const
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  carpool::CloseReason reason(const Slot&) const;
  int reason(const Slot&, TimePoint) const;
};
template struct AcceptEviction<Spoilt>;

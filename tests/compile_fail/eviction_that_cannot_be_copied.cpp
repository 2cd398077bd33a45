// error: Eviction needs to be copyable: the pool keeps its own
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  Spoilt(const Spoilt&) = delete;
};
template struct AcceptEviction<Spoilt>;

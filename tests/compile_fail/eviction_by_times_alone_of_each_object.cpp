// error: Eviction has by_times_alone, but not as static constexpr bool by_times_alone
#include "sound_policies.hpp"

struct Spoilt : SoundEviction {
  bool by_times_alone = true;
};
template struct AcceptEviction<Spoilt>;

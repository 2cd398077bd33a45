// error: Backend needs constexpr bool concurrent
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  struct concurrent;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs Mutex
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  using Mutex = void;
};
template struct AcceptBackend<Spoilt>;

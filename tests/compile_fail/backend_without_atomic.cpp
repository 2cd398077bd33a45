// error: Backend needs Atomic<T>
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  using Atomic = int;
};
template struct AcceptBackend<Spoilt>;

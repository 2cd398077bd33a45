// error: Backend has Relaxed, but not as template <class T> Relaxed
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  using Relaxed = int;
};
template struct AcceptBackend<Spoilt>;

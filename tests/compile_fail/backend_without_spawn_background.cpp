// error: Backend needs spawn_background(f)
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static SoundTask spawn_background(void (*)()) = delete;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs spawn(f)
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static SoundTask spawn(void (*)()) = delete;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs now()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static TimePoint now();
};
template struct AcceptBackend<Spoilt>;

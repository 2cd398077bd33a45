// error: A Backend is an empty type
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  int thing;
};
template struct AcceptBackend<Spoilt>;

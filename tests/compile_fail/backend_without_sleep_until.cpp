// error: Backend needs sleep_until(TimePoint)
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static void sleep_until(TimePoint) = delete;
};
template struct AcceptBackend<Spoilt>;

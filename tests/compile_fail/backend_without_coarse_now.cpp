// error: Backend needs coarse_now()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static TimePoint coarse_now() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

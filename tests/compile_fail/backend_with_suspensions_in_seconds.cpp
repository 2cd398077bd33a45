// error: Backend has time_suspended, but not as static Duration time_suspended() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static long time_suspended() noexcept;
};
template struct AcceptBackend<Spoilt>;

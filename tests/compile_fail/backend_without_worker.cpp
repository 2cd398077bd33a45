// error: Backend needs worker()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static WorkerId worker() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

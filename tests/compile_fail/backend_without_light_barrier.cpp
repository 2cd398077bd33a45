// error: Backend needs light_barrier()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static void light_barrier() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs heavy_barrier()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static void heavy_barrier() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

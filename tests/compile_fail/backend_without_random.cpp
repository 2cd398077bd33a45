// error: Backend needs random()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static std::uint64_t random() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

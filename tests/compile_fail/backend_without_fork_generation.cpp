// error: Backend needs fork_generation()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static std::uint64_t fork_generation() noexcept = delete;
};
template struct AcceptBackend<Spoilt>;

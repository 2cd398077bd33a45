// error: Backend needs now()
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static std::chrono::system_clock::time_point now() noexcept;
};
template struct AcceptBackend<Spoilt>;

// error: Backend has uncaught_exceptions, but not as static int uncaught_exceptions() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  int uncaught_exceptions() const noexcept;
};
template struct AcceptBackend<Spoilt>;

// error: Backend has uncaught_exceptions, but not as static int uncaught_exceptions() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static int uncaught_exceptions(int of_whom) noexcept;
  static int uncaught_exceptions();
};
template struct AcceptBackend<Spoilt>;

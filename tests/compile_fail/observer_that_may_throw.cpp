// error: Observer has pool_ready, but not as void pool_ready() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundObserver {
  void pool_ready();
};
template struct AcceptObserver<Spoilt>;

// error: Backend needs Mutex with lock() and unlock()
#include "sound_policies.hpp"

struct Locked {
  void lock();
};
struct Spoilt : SoundBackend {
  using Mutex = Locked;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs Mutex with lock() and unlock()
#include "sound_policies.hpp"

struct Unlockable {
  void unlock();
};
struct Spoilt : SoundBackend {
  using Mutex = Unlockable;
};
template struct AcceptBackend<Spoilt>;

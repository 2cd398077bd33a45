// error: Backend needs spawn(f) returning a movable task with join()
#include "sound_policies.hpp"

struct Detached {};
struct Spoilt : SoundBackend {
  static Detached spawn(void (*)());
};
template struct AcceptBackend<Spoilt>;

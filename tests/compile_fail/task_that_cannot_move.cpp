// error: Backend needs spawn(f) returning a movable task with join()
#include "sound_policies.hpp"

struct Stuck : SoundTask {
  Stuck(Stuck&&) = delete;
};
struct Spoilt : SoundBackend {
  static Stuck spawn(void (*)());
};
template struct AcceptBackend<Spoilt>;

// error: Queue needs remove(Slot&) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  void remove(Slot&);
};
template struct AcceptQueue<Spoilt>;

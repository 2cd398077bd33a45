// error: Queue needs push(Slot&) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  void push(Slot&);
};
template struct AcceptQueue<Spoilt>;

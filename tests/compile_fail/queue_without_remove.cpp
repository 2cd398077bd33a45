// error: Queue needs remove(Slot&) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  void remove(Slot&) noexcept = delete;
};
template struct AcceptQueue<Spoilt>;

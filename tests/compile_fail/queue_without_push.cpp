// error: Queue needs push(Slot&) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  void push(Slot&) noexcept = delete;
};
template struct AcceptQueue<Spoilt>;

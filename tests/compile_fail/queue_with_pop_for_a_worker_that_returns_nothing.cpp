// error: Queue has pop(WorkerId), but not as Slot* pop(WorkerId) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  using SoundQueue::pop;
  void pop(WorkerId) noexcept;
};
template struct AcceptQueue<Spoilt>;

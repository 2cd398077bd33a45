// error: Queue needs pop() or pop(WorkerId) noexcept returning Slot*
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  Slot* pop() noexcept = delete;
};
template struct AcceptQueue<Spoilt>;

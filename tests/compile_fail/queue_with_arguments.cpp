// error: Queue needs a default constructor
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  explicit Spoilt(int capacity);
};
template struct AcceptQueue<Spoilt>;

// error: Backend needs ParkingSlot
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  using ParkingSlot = void;
};
template struct AcceptBackend<Spoilt>;

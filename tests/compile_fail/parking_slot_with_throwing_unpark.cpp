// error: Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept
// returning a Wakeup
#include "sound_policies.hpp"

struct Throwing : SoundParkingSlot {
  Wakeup unpark();
};
struct Spoilt : SoundBackend {
  using ParkingSlot = Throwing;
};
template struct AcceptBackend<Spoilt>;

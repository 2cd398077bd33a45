// error: Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept
// returning a Wakeup
#include "sound_policies.hpp"

struct Silent : SoundParkingSlot {
  void park_until(TimePoint deadline);
};
struct Spoilt : SoundBackend {
  using ParkingSlot = Silent;
};
template struct AcceptBackend<Spoilt>;

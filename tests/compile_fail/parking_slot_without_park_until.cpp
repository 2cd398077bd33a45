// error: Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept
// returning a Wakeup
#include "sound_policies.hpp"

struct Sleepless : SoundParkingSlot {
  bool park_until(TimePoint deadline) = delete;
};
struct Spoilt : SoundBackend {
  using ParkingSlot = Sleepless;
};
template struct AcceptBackend<Spoilt>;

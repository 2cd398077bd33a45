// error: Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept
// returning a Wakeup
#include "sound_policies.hpp"

struct Hasty : SoundParkingSlot {
  void unpark() noexcept;
};
struct Spoilt : SoundBackend {
  using ParkingSlot = Hasty;
};
template struct AcceptBackend<Spoilt>;

// error: Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept
// returning a Wakeup
#include "sound_policies.hpp"

struct Demanding : SoundParkingSlot {
  explicit Demanding(int worker);
};
struct Spoilt : SoundBackend {
  using ParkingSlot = Demanding;
};
template struct AcceptBackend<Spoilt>;

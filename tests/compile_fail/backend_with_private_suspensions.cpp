// error: Backend has time_suspended, but not as static Duration time_suspended() noexcept
#include "sound_policies.hpp"

class Spoilt : public SoundBackend {
  static carpool::Duration time_suspended() noexcept;
};
AcceptBackend<Spoilt> refused;  // g++ takes private for public in an explicit instantiation

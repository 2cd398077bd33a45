// error: Backend has time_suspended, but not as static Duration time_suspended() noexcept
#include "sound_policies.hpp"

struct Spoilt final : SoundBackend {
  carpool::Duration time_suspended() const noexcept;
};
template struct AcceptBackend<Spoilt>;

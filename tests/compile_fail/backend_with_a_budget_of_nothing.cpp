// error: Backend has consume_budget, but not as static void consume_budget(unsigned operations) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static void consume_budget() noexcept;
};
template struct AcceptBackend<Spoilt>;

// error: Observer has acquired, but not as void acquired(std::uint64_t id, Duration wait) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundObserver {
  void acquired(std::uint64_t id) noexcept;
};
template struct AcceptObserver<Spoilt>;

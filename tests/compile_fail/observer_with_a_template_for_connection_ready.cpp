// error: Observer has connection_ready, but not as void connection_ready(std::uint64_t id, Duration took) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundObserver {
  template <class Unit>
  void connection_ready(std::uint64_t id, std::uint64_t took) noexcept;
};
template struct AcceptObserver<Spoilt>;

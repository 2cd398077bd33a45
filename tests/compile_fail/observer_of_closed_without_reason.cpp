// error: Observer has connection_closed, but not as void connection_closed(std::uint64_t id, CloseReason) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundObserver {
  void connection_closed(std::uint64_t id) noexcept;
};
template struct AcceptObserver<Spoilt>;

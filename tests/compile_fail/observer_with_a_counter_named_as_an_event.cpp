// error: Observer has connection_closed, but not as void connection_closed(std::uint64_t id, CloseReason) noexcept
#include "sound_policies.hpp"

struct Spoilt final : SoundObserver {
  std::uint64_t connection_closed = 0;
};
template struct AcceptObserver<Spoilt>;

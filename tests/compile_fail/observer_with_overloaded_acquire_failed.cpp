// error: Observer has acquire_failed, but not as void acquire_failed(AcquireFailure) noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundObserver {
  void acquire_failed() noexcept;
  void acquire_failed(std::uint64_t id, carpool::AcquireFailure) noexcept;
};
template struct AcceptObserver<Spoilt>;

// error: Observer has released, but not as void released(std::uint64_t id, Duration held) noexcept
#include "sound_policies.hpp"

class Spoilt : public SoundObserver {
  void released(std::uint64_t id, carpool::Duration held) noexcept;
};
AcceptObserver<Spoilt> refused;  // g++ takes private for public in an explicit instantiation

// error: Queue needs size() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundQueue {
  [[nodiscard]] std::size_t size() const noexcept = delete;
};
template struct AcceptQueue<Spoilt>;

// error: An I/O backend needs forget(fd)
#include "sound_policies.hpp"

struct Spoilt : SoundIoBackend {
  static void forget(int fd) noexcept = delete;
};
template struct AcceptIoBackend<Spoilt>;

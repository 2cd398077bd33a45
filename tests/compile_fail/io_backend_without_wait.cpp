// error: An I/O backend needs wait(fd, events, deadline)
#include "sound_policies.hpp"

struct Spoilt : SoundIoBackend {
  static unsigned wait(int fd, unsigned events, TimePoint deadline) = delete;
};
template struct AcceptIoBackend<Spoilt>;

// error: An I/O backend needs Socket
#include "sound_policies.hpp"

struct Spoilt : SoundBackend {
  static unsigned wait(int fd, unsigned events, TimePoint deadline);
  static void forget(int fd) noexcept;
  static int run_blocking(int (*)());
};
template struct AcceptIoBackend<Spoilt>;

// error: An I/O backend needs run_blocking(f)
#include "sound_policies.hpp"

struct Spoilt : SoundIoBackend {
  static int run_blocking(int (*)()) = delete;
};
template struct AcceptIoBackend<Spoilt>;

// error: Connector has in_step, but not as bool in_step(const Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool in_step(Connection&) const noexcept;
};
template struct AcceptConnector<Spoilt>;

// error: Connector has lifetime, but not as Duration lifetime(const Connection&) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  int lifetime(const Connection&) const;
};
template struct AcceptConnector<Spoilt>;

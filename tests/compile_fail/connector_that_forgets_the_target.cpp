// error: Connector needs Connection connect(TimePoint deadline) const, with a leading const Target& where it has targets
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  Connection connect(TimePoint) const;
};
template struct AcceptConnector<Spoilt>;

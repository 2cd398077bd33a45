// error: Connector needs Connection connect(TimePoint deadline) const, with a leading const Target&
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  Connection connect(TimePoint) const;
};
template struct AcceptConnector<Spoilt>;

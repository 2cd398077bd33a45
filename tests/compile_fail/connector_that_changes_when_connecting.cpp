// error: Connector needs Connection connect(TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  Connection connect(const Target&, TimePoint);
};
template struct AcceptConnector<Spoilt>;

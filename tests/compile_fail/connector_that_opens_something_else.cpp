// error: Connector needs Connection connect(TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  int connect(const Target&, TimePoint) const;
};
template struct AcceptConnector<Spoilt>;

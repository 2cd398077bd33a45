// error: Connector has reset, but not as bool reset(Connection&, TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool reset(Connection&, TimePoint);
};
template struct AcceptConnector<Spoilt>;

// error: Connector has reset, but not as bool reset(Connection&, TimePoint deadline) const
#include "sound_policies.hpp"

struct Resets : SoundOwnConnection {
  bool reset(TimePoint);
};
struct Spoilt : ConnectorOf<Resets> {
  bool reset(Connection&) const;  // nobody would call it
};
template struct AcceptConnector<Spoilt>;

// error: Connector has invalidate, but not as void invalidate(Connection&, TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  static void invalidate(Connection&);
};
template struct AcceptConnector<Spoilt>;

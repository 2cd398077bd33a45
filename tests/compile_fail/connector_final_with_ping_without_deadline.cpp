// error: Connector has ping, but not as bool ping(Connection&, TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt final : SoundConnector {
  bool ping(Connection&) const;
};
template struct AcceptConnector<Spoilt>;

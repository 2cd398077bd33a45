// error: Connector has before_acquire, but not as bool before_acquire(Connection&, TimePoint deadline) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool before_acquire(Connection&) const;
};
template struct AcceptConnector<Spoilt>;

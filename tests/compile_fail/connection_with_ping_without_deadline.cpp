// error: Connection has ping, but not as bool ping(TimePoint deadline)
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  bool ping();
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

// error: Connection has ping, but not as bool ping(TimePoint deadline)
#include "sound_policies.hpp"

struct Spoilt final : SoundOwnConnection {
  void ping(TimePoint);
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

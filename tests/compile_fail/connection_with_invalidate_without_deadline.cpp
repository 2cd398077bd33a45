// error: Connection has invalidate, but not as void invalidate(TimePoint deadline)
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  void invalidate() noexcept;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

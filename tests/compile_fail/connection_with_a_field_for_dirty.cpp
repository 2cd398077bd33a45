// error: Connection has dirty, but not as bool dirty() const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  bool dirty;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

// error: Connection has reusable, but not as bool reusable() const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  bool reusable() noexcept;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

// error: Connection has abandon, but not as void abandon() noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  void abandon() = delete;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

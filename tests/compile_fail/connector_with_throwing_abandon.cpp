// error: Connector has abandon, but not as void abandon(Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void abandon(Connection&) const;
};
template struct AcceptConnector<Spoilt>;

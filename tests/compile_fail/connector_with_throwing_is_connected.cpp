// error: Connector needs bool is_connected(const Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool is_connected(const Connection&) const;
};
template struct AcceptConnector<Spoilt>;

// error: Connector with Target needs bool matches(const Connection&, const Target&) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool matches(const Connection&, const Target&) const = delete;
};
template struct AcceptConnector<Spoilt>;

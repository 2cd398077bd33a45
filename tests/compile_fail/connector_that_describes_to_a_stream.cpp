// error: Connector has describe, but not as std::string describe() const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void describe(std::string& text) const;
};
template struct AcceptConnector<Spoilt>;

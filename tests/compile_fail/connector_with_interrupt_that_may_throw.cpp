// error: Connector has interrupt, but not as void interrupt() const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void interrupt() const;
};
template struct AcceptConnector<Spoilt>;

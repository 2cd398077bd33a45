// error: Connector has validate, but not as void validate() const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void validate();
};
template struct AcceptConnector<Spoilt>;

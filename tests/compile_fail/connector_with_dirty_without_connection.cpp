// error: Connector has dirty, but not as bool dirty(const Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool dirty() const noexcept;
};
template struct AcceptConnector<Spoilt>;

// error: Connector has reusable, but not as bool reusable(const Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  bool reusable(Connection&) const noexcept;
  bool reusable() const noexcept;
};
template struct AcceptConnector<Spoilt>;

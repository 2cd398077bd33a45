// error: Connection has in_step, but not as bool in_step() const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  template <class Backend>
  bool in_step() const noexcept;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

// error: Connection has lifetime, but not as Duration lifetime() const
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  int lifetime() const;
  void lifetime(carpool::Duration);
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

// error: Connection has reset, but not as bool reset(TimePoint deadline)
#include "sound_policies.hpp"

class Spoilt : public SoundOwnConnection {
  bool reset(TimePoint);
};
AcceptConnector<ConnectorOf<Spoilt>> refused;  // g++ takes private for public in an explicit instantiation

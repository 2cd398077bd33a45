// error: Connector has describe, but not as std::string describe() const
#include "sound_policies.hpp"

class Spoilt : public SoundConnector {
  std::string describe() const;
};
AcceptConnector<Spoilt> refused;  // g++ takes private for public in an explicit instantiation

// error: Connector has abandon, but not as void abandon(Connection&) const noexcept
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void abandon(std::string&) const noexcept;
};
template struct AcceptConnector<Spoilt>;

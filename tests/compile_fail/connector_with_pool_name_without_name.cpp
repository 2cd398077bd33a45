// error: Connector has set_pool_name, but not as void set_pool_name(const std::string&)
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  void set_pool_name();
};
template struct AcceptConnector<Spoilt>;

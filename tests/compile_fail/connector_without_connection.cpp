// error: Connector needs a type Connection
#include "sound_policies.hpp"

struct Spoilt {
  int connect(TimePoint) const;
  bool is_connected(int) const noexcept;
};
template struct AcceptConnector<Spoilt>;

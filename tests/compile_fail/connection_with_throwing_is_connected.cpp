// error: or its Connection bool is_connected() const noexcept
#include "sound_policies.hpp"

struct Spoilt {
  bool is_connected() const;
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

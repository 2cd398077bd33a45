// error: Connector::Connection needs to be movable
#include "sound_policies.hpp"

struct Stuck {
  Stuck(Stuck&&) = delete;
};
struct Spoilt : SoundConnector {
  using Connection = Stuck;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
  bool matches(const Connection&, const Target&) const;
};
template struct AcceptConnector<Spoilt>;

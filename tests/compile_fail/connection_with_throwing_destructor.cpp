// error: Connector::Connection needs a destructor that does not throw
#include "sound_policies.hpp"

struct Explosive {
  ~Explosive() noexcept(false);
};
struct Spoilt : SoundConnector {
  using Connection = Explosive;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
  bool matches(const Connection&, const Target&) const;
};
template struct AcceptConnector<Spoilt>;

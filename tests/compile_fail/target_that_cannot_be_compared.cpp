// error: Connector::Target needs ==:
#include "sound_policies.hpp"

struct Opaque {};
struct Spoilt : SoundConnector {
  using Target = Opaque;
  Connection connect(const Target&, TimePoint) const;
  bool matches(const Connection&, const Target&) const;
};
template struct AcceptConnector<Spoilt>;

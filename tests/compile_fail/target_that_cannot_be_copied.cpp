// error: Connector::Target needs to be copyable
#include "sound_policies.hpp"

struct Unique {
  Unique(Unique&&) = default;
  bool operator==(const Unique&) const = default;
};
struct Spoilt : SoundConnector {
  using Target = Unique;
  Connection connect(const Target&, TimePoint) const;
  bool matches(const Connection&, const Target&) const;
};
template struct AcceptConnector<Spoilt>;

// error: Connector has handle_exception, but not as Verdict handle_exception(Connection&, std::exception_ptr) const
#include "sound_policies.hpp"

struct Spoilt : SoundConnector {
  carpool::Verdict handle_exception(Connection&, const std::exception&) const;
};
template struct AcceptConnector<Spoilt>;

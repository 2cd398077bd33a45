// error: Connection has handle_exception, but not as Verdict handle_exception(std::exception_ptr)
#include "sound_policies.hpp"

struct Spoilt : SoundOwnConnection {
  carpool::Verdict handle_exception(const std::exception&);
};
template struct AcceptConnector<ConnectorOf<Spoilt>>;

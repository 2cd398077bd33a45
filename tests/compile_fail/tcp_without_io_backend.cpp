// error: Connector needs a type Connection
#include "sound_policies.hpp"

#include <carpool/tcp_connector.hpp>

template struct AcceptConnector<carpool::TcpConnector>;

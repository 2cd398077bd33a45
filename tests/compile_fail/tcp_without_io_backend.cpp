// error: no type named 'Socket' in
#include "sound_policies.hpp"

#include <carpool/tcp_connector.hpp>

template struct AcceptConnector<carpool::TcpConnector>;

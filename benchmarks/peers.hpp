/// The pools of other libraries that stand beside ours on threads: those whose packages CMake has found.
#pragma once

#ifdef CARPOOL_PEER_APR
#include "peers/apr_peer.hpp"
#endif
#ifdef CARPOOL_PEER_POCO
#include "peers/poco_peer.hpp"
#endif
#ifdef CARPOOL_PEER_SOCI
#include "peers/soci_peer.hpp"
#endif

#include <string>

namespace carpool::bench {

/// Calls add.template operator()<Pool>("<backend>/<peer>") for each.
template <class Connector, class Add>
void for_each_peer([[maybe_unused]] const std::string& backend, [[maybe_unused]] const Add& add) {
#ifdef CARPOOL_PEER_SOCI
  add.template operator()<SociPool>(backend + "/soci");
#endif
#ifdef CARPOOL_PEER_POCO
  add.template operator()<PocoPool<Connector>>(backend + "/poco");
#endif
#ifdef CARPOOL_PEER_APR
  add.template operator()<AprPool<Connector>>(backend + "/apr");
#endif
}

}  // namespace carpool::bench

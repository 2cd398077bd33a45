/// UnixConnector keeps the laws of a connector on every backend.
#include <carpool/unix_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

#include <unistd.h>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"

namespace {

template <class B>
class UnixScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = 1, slack = 0;

  carpool::UnixConnector connector() { return {.path = path_}; }
  carpool::UnixConnector dead_connector() { return {.path = path_ + "_of_nobody"}; }

  void exchange(carpool::StreamConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    connection.write_all(nonce + '\n', deadline);
    check_answer(connection.read_until("\n", 100, deadline), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  using Address = carpool::SocketAddress;

  // An abstract name: it needs no folder and cannot be left behind.
  const std::string path_ = "@carpool_conformance_" + std::to_string(::getpid());
  LoopbackServer server_{Address::unix_path(path_ + "_server")};
  ChaosProxy proxy_{server_.address(), Address::unix_path(path_)};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Unix, ConnectorConformance, ScenesOf<UnixScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Unix, ConnectorFaults, ScenesOf<UnixScene>, BackendName);

}  // namespace

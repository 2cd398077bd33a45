/// TcpConnector keeps the laws of a connector on every backend.
#include <carpool/tcp_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"

namespace {

template <class B>
class TcpScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = 1, slack = 0;

  TcpScene() { stopped_.stop(); }

  carpool::TcpConnector connector() { return {.host = "127.0.0.1", .port = proxy_.port()}; }
  carpool::TcpConnector dead_connector() { return {.host = "127.0.0.1", .port = stopped_.port()}; }

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
  LoopbackServer server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, ConnectorConformance, ScenesOf<TcpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, ConnectorFaults, ScenesOf<TcpScene>, BackendName);

}  // namespace

// needs: tls_connector
/// TlsConnector keeps the laws of a connector on every backend.
#include <carpool/tls_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"
#include "tls_server.hpp"

namespace {

template <class B>
class TlsScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = 3, slack = 30;

  TlsScene() { stopped_.stop(); }

  carpool::TlsConnector connector() { return to(proxy_.port()); }
  carpool::TlsConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::StreamConnection<B, carpool::TlsSocket<B>>& connection,
                carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    connection.write_all(nonce + '\n', deadline);
    check_answer(connection.read_until("\n", 100, deadline), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  static carpool::TlsConnector to(std::uint16_t port) {
    return {.host = "127.0.0.1", .port = port, .tls = {.ca_file = TlsCertificates::shared().certificate("ca")}};
  }

  TlsServer server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tls, ConnectorConformance, ScenesOf<TlsScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Tls, ConnectorFaults, ScenesOf<TlsScene>, BackendName);

}  // namespace

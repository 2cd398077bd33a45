// needs: tls_connector
/// TlsConnector keeps the laws of a connector on every backend.
#include <carpool/tls_connector.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "tls_server.hpp"

namespace {

template <class B>
class TlsScene {
 public:
  using Backend = B;

  TlsScene() { stopped_.stop(); }

  carpool::TlsConnector connector() { return to(proxy_.port()); }
  carpool::TlsConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::StreamConnection<B, carpool::TlsSocket<B>>& connection) {
    const carpool::TimePoint deadline = B::now() + std::chrono::seconds(10);
    connection.write_all("question\n", deadline);
    if (connection.read_until("\n", 100, deadline) != "question") throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }

 private:
  static carpool::TlsConnector to(std::uint16_t port) {
    return {.host = "127.0.0.1", .port = port, .tls = {.ca_file = TlsCertificates::shared().certificate("ca")}};
  }

  TlsServer server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

template <class Types>
struct EachInTlsScene;
template <class... Backends>
struct EachInTlsScene<testing::Types<Backends...>> {
  using type = testing::Types<TlsScene<Backends>...>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tls, ConnectorConformance, EachInTlsScene<IoBackends>::type, BackendName);

}  // namespace

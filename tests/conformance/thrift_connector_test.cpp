// needs: thrift_connector
/// ThriftConnector keeps the laws of a connector on every backend: in the clear and encrypted.
#include <carpool/thrift_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"
#include "thrift_echo.hpp"
#include "tls_server.hpp"
#include "tls_transport.hpp"

namespace {

class EncryptedServer {
 public:
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  [[nodiscard]] std::size_t open() const noexcept { return server_.open(); }

 private:
  TlsServer server_{{.talk = [](SSL* session) { thrift_echo::serve(std::make_shared<TlsTransport>(session)); }}};
};

template <class B, bool encrypted>
class ThriftScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = encrypted ? 7 : 1, slack = encrypted ? 30 : 0;
  using Connector = carpool::ThriftConnector<thrift_echo::Client>;

  ThriftScene() { stopped_.stop(); }

  Connector connector() { return to(proxy_.port()); }
  Connector dead_connector() { return to(stopped_.port()); }

  void exchange(Connector::Connection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.client(deadline).say(nonce), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  static Connector to(std::uint16_t port) {
    Connector connector{.host = "127.0.0.1", .port = port};
    if (encrypted) connector.tls = {.ca_file = TlsCertificates::shared().certificate("ca")};
    return connector;
  }

  std::conditional_t<encrypted, EncryptedServer, thrift_echo::Server> server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

template <class B>
struct PlainThriftScene : ThriftScene<B, false> {};
template <class B>
struct EncryptedThriftScene : ThriftScene<B, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(Thrift, ConnectorConformance, ScenesOf<PlainThriftScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(ThriftOverTls, ConnectorConformance, ScenesOf<EncryptedThriftScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Thrift, ConnectorFaults, ScenesOf<PlainThriftScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(ThriftOverTls, ConnectorFaults, ScenesOf<EncryptedThriftScene>, BackendName);

}  // namespace

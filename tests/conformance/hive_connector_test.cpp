// needs: hive_connector
/// HiveConnector keeps the laws of a connector on every backend, with SASL and without, in the clear and encrypted.
#include <carpool/hive_connector.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "hive_server.hpp"
#include "loopback_server.hpp"
#include "tls_server.hpp"
#include "tls_transport.hpp"

namespace {

class EncryptedServer {
 public:
  explicit EncryptedServer(HiveServerManners manners) : hive_(std::move(manners)) {}

  void on(const std::string& statement, HiveScript script) { hive_.on(statement, std::move(script)); }
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  [[nodiscard]] std::size_t open() const noexcept { return server_.open(); }

 private:
  HiveServer hive_;
  TlsServer server_{{.talk = [this](SSL* session) { hive_.serve(std::make_shared<TlsTransport>(session)); }}};
};

template <class B, bool plain, bool encrypted = false>
class HiveScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = encrypted ? 13 : 1, slack = encrypted ? 30 : 0;

  HiveScene() {
    stopped_.stop();
    for (std::int32_t i = 0; i < nonces; ++i)
      server_.on(question(i), {.columns = {{"answer", carpool::HiveType::int_}}, .rows = {{i}}});
  }

  carpool::HiveConnector connector() { return to(proxy_.port()); }
  carpool::HiveConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::HiveConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::int32_t nonce = ++asked_ % nonces;
    const carpool::HiveRows rows = connection.query(question(nonce), deadline);
    if (rows.size() != 1 || rows.get<std::int32_t>(0, 0) != nonce) throw AnothersAnswer();
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  static constexpr std::int32_t nonces = 256;  // that the server has answers to
  static std::string question(std::int32_t nonce) { return "select " + std::to_string(1000 + nonce); }

  static carpool::HiveConnector to(std::uint16_t port) {
    carpool::HiveConnector connector{.host = "127.0.0.1",
                                     .port = port,
                                     .user = "ada",
                                     .password = "secret",
                                     .auth = plain ? carpool::HiveAuth::plain : carpool::HiveAuth::no_sasl};
    if (encrypted) connector.tls = {.ca_file = TlsCertificates::shared().certificate("ca")};
    return connector;
  }

  std::conditional_t<encrypted, EncryptedServer, HiveServer> server_{{.plain = plain}};
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
  std::atomic<std::int32_t> asked_ = 0;
};

template <class B>
struct PlainHiveScene : HiveScene<B, true> {};
template <class B>
struct NoSaslHiveScene : HiveScene<B, false> {};
template <class B>
struct EncryptedHiveScene : HiveScene<B, true, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(HivePlain, ConnectorConformance, ScenesOf<PlainHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveNoSasl, ConnectorConformance, ScenesOf<NoSaslHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveOverTls, ConnectorConformance, ScenesOf<EncryptedHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HivePlain, ConnectorFaults, ScenesOf<PlainHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveNoSasl, ConnectorFaults, ScenesOf<NoSaslHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveOverTls, ConnectorFaults, ScenesOf<EncryptedHiveScene>, BackendName);

}  // namespace

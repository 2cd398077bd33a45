// needs: hive_connector
/// HiveConnector keeps the laws of a connector on every backend, with SASL and without.
#include <carpool/hive_connector.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "hive_server.hpp"
#include "loopback_server.hpp"

namespace {

template <class B, bool plain>
class HiveScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = 1, slack = 0;

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
    return {.host = "127.0.0.1",
            .port = port,
            .user = "ada",
            .password = "secret",
            .auth = plain ? carpool::HiveAuth::plain : carpool::HiveAuth::no_sasl};
  }

  HiveServer server_{{.plain = plain}};
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
  std::atomic<std::int32_t> asked_ = 0;
};

template <class B>
struct PlainHiveScene : HiveScene<B, true> {};
template <class B>
struct NoSaslHiveScene : HiveScene<B, false> {};

INSTANTIATE_TYPED_TEST_SUITE_P(HivePlain, ConnectorConformance, ScenesOf<PlainHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveNoSasl, ConnectorConformance, ScenesOf<NoSaslHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HivePlain, ConnectorFaults, ScenesOf<PlainHiveScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveNoSasl, ConnectorFaults, ScenesOf<NoSaslHiveScene>, BackendName);

}  // namespace

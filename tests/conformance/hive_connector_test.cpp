// needs: hive_connector
/// HiveConnector keeps the laws of a connector on every backend, with SASL and without.
#include <carpool/hive_connector.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "hive_server.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"

namespace {

template <class B, bool plain>
class HiveScene {
 public:
  using Backend = B;

  HiveScene() {
    stopped_.stop();
    server_.on("question", {.columns = {{"answer", carpool::HiveType::int_}}, .rows = {{std::int32_t{42}}}});
  }

  carpool::HiveConnector connector() { return to(proxy_.port()); }
  carpool::HiveConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::HiveConnection<B>& connection) {
    const carpool::HiveRows rows = connection.query("question", B::now() + std::chrono::seconds(10));
    if (rows.size() != 1 || rows.get<std::int32_t>(0, 0) != 42) throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }

 private:
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
};

template <bool plain, class Types>
struct EachInHiveScene;
template <bool plain, class... Backends>
struct EachInHiveScene<plain, testing::Types<Backends...>> {
  using type = testing::Types<HiveScene<Backends, plain>...>;
};

using Plain = EachInHiveScene<true, IoBackends>::type;
using NoSasl = EachInHiveScene<false, IoBackends>::type;
INSTANTIATE_TYPED_TEST_SUITE_P(HivePlain, ConnectorConformance, Plain, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(HiveNoSasl, ConnectorConformance, NoSasl, BackendName);

}  // namespace

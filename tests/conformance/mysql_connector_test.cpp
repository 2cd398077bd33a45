/// MysqlConnector keeps the laws of a connector on every backend, with a real MariaDB, in plain text and over TLS.
// needs: mysql_connector
#include <carpool/mysql_connector.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "real_server.hpp"

namespace {

template <class B, bool encrypted>
class MysqlScene {
 public:
  using Backend = B;

  MysqlScene() { deaf_.refuse(true); }

  carpool::MysqlConnector connector() { return at(proxy_.port()); }
  carpool::MysqlConnector dead_connector() { return at(deaf_.port()); }

  void exchange(carpool::MysqlConnection<B>& connection) {
    const std::int64_t nonce = ++nonce_;
    const auto result = connection.execute("select ?", {nonce});
    if (result.one().template get<std::int64_t>(0) != nonce) throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }

 private:
  carpool::MysqlConnector at(std::uint16_t port) {
    carpool::MysqlConnector connector{.host = "127.0.0.1",
                                      .port = port,
                                      .user = RealServer::user(),
                                      .password = RealServer::password(),
                                      .database = RealServer::database()};
    if (encrypted) connector.tls = {.ca_file = server_.file("ca.pem")};
    return connector;
  }

  RealServer& server_ = RealServer::shared("mariadb");
  ChaosProxy proxy_{server_.port()};
  ChaosProxy deaf_{server_.port()};
  std::atomic<std::int64_t> nonce_ = 0;
};

template <class B>
struct PlainMysqlScene : MysqlScene<B, false> {};
template <class B>
struct EncryptedMysqlScene : MysqlScene<B, true> {};

template <template <class> class Scene, class Types>
struct EachIn;
template <template <class> class Scene, class... Backends>
struct EachIn<Scene, testing::Types<Backends...>> {
  using type = testing::Types<Scene<Backends>...>;
};

using PlainScenes = EachIn<PlainMysqlScene, IoBackends>::type;
using EncryptedScenes = EachIn<EncryptedMysqlScene, IoBackends>::type;
INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, ConnectorConformance, PlainScenes, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(MysqlOverTls, ConnectorConformance, EncryptedScenes, BackendName);

}  // namespace

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (const std::string missing = RealServer::missing("mariadb"); !missing.empty()) {
    std::printf("[  SKIPPED ] all of it: %s is not installed\n", missing.c_str());
    return 0;
  }
  RealServer::shared("mariadb");  // by the thread that outlives them all
  return RUN_ALL_TESTS();
}

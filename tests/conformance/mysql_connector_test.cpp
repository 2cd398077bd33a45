/// MysqlConnector keeps the laws of a connector on every backend, with a real MariaDB, in plain text and over TLS.
// needs: mysql_connector
#include <carpool/mysql_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "real_server.hpp"

namespace {

static_assert(carpool::TransactionalSqlConnection<carpool::MysqlConnection<carpool::ThreadBackend>>);

template <class B, bool encrypted>
class MysqlScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = encrypted ? 13 : 1, slack = encrypted ? 30 : 0;

  MysqlScene() { deaf_.refuse(true); }

  carpool::MysqlConnector connector() { return at(proxy_.port()); }
  carpool::MysqlConnector dead_connector() { return at(deaf_.port()); }

  void exchange(carpool::MysqlConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.prepared("select ?", {nonce}, deadline).one().template get<std::string>(0), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

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
};

template <class B>
struct PlainMysqlScene : MysqlScene<B, false> {};
template <class B>
struct EncryptedMysqlScene : MysqlScene<B, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, ConnectorConformance, ScenesOf<PlainMysqlScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(MysqlOverTls, ConnectorConformance, ScenesOf<EncryptedMysqlScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, ConnectorFaults, ScenesOf<PlainMysqlScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(MysqlOverTls, ConnectorFaults, ScenesOf<EncryptedMysqlScene>, BackendName);

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

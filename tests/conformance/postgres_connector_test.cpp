// needs: postgres_connector
/// PostgresConnector keeps the laws of a connector on every backend, against a real server, in the clear and over TLS.
#include <carpool/postgres_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "real_server.hpp"

namespace {

static_assert(carpool::TransactionalSqlConnection<carpool::PostgresConnection<carpool::ThreadBackend>>);

template <class B, bool encrypted>
class PostgresScene {
 public:
  using Backend = B;
  // Each log-in takes the server its time; integration/postgres_faults_test.cpp cuts at every byte.
  static constexpr std::size_t stride = encrypted ? 29 : 5, slack = encrypted ? 30 : 0;

  PostgresScene() { nobody_.refuse(true); }

  carpool::PostgresConnector connector() { return to(proxy_.port()); }
  carpool::PostgresConnector dead_connector() { return to(nobody_.port()); }

  void exchange(carpool::PostgresConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.query("SELECT $1::text", {nonce}, deadline).template get<std::string>(0, 0), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  static carpool::PostgresConnector to(std::uint16_t port) {
    return {.host = "127.0.0.1",
            .port = port,
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database(),
            .options = {{"sslmode", encrypted ? "verify-full" : "disable"}, {"sslrootcert", server().file("ca.pem")}}};
  }
  static RealServer& server() { return RealServer::shared("postgres"); }

  ChaosProxy proxy_{server().port()};
  ChaosProxy nobody_{1};
};

template <class B>
struct PlainPostgresScene : PostgresScene<B, false> {};
template <class B>
struct EncryptedPostgresScene : PostgresScene<B, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ConnectorConformance, ScenesOf<PlainPostgresScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(PostgresOverTls, ConnectorConformance, ScenesOf<EncryptedPostgresScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ConnectorFaults, ScenesOf<PlainPostgresScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(PostgresOverTls, ConnectorFaults, ScenesOf<EncryptedPostgresScene>, BackendName);

}  // namespace

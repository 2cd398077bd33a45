// needs: postgres_connector
/// PostgresConnector keeps the laws of a connector on every backend, against a real server behind a proxy.
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "real_server.hpp"

namespace {

template <class B>
class PostgresScene {
 public:
  using Backend = B;

  PostgresScene() { nobody_.refuse(true); }

  carpool::PostgresConnector connector() { return to(proxy_.port()); }
  carpool::PostgresConnector dead_connector() { return to(nobody_.port()); }

  void exchange(carpool::PostgresConnection<B>& connection) {
    const std::string nonce = std::to_string(nonce_.fetch_add(1));
    const auto result = connection.query("SELECT $1::text", {nonce}, B::now() + std::chrono::seconds(10));
    if (result.template get<std::string>(0, 0) != nonce) throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }

 private:
  static carpool::PostgresConnector to(std::uint16_t port) {
    return {.host = "127.0.0.1",
            .port = port,
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }

  ChaosProxy proxy_{RealServer::shared("postgres").port()};
  ChaosProxy nobody_{1};
  typename B::template Atomic<int> nonce_ = 0;
};

template <class Types>
struct EachInPostgresScene;
template <class... Backends>
struct EachInPostgresScene<testing::Types<Backends...>> {
  using type = testing::Types<PostgresScene<Backends>...>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ConnectorConformance, EachInPostgresScene<IoBackends>::type, BackendName);

}  // namespace

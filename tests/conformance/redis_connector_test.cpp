// needs: redis_connector
/// RedisConnector keeps the laws of a connector on every backend: in the clear and encrypted.
#include <carpool/redis_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"
#include "real_server.hpp"

namespace {

template <class B, bool Encrypted>
class RedisScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = Encrypted ? 13 : 1, slack = Encrypted ? 30 : 0;

  RedisScene() { stopped_.stop(); }

  carpool::RedisConnector connector() { return to(proxy_.port()); }
  carpool::RedisConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::RedisConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.template command_until<std::string>(deadline, "ECHO", nonce), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  /// A database and a name, so that there is something to say on connect.
  static carpool::RedisConnector to(std::uint16_t port) {
    carpool::RedisConnector connector{.host = "127.0.0.1",
                                      .port = port,
                                      .user = RealServer::user(),
                                      .password = RealServer::password(),
                                      .database = 3,
                                      .client_name = "conformance"};
    if (Encrypted) connector.tls = {.ca_file = server().file("ca.pem")};
    return connector;
  }
  static RealServer& server() { return RealServer::shared("redis"); }

  ChaosProxy proxy_{Encrypted ? server().tls_port() : server().port()};
  LoopbackServer stopped_;
};

template <class B>
struct PlainRedisScene : RedisScene<B, false> {};
template <class B>
struct EncryptedRedisScene : RedisScene<B, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, ConnectorConformance, ScenesOf<PlainRedisScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisOverTls, ConnectorConformance, ScenesOf<EncryptedRedisScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, ConnectorFaults, ScenesOf<PlainRedisScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisOverTls, ConnectorFaults, ScenesOf<EncryptedRedisScene>, BackendName);

}  // namespace

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (const std::string missing = RealServer::missing("redis"); !missing.empty()) {
    std::printf("[  SKIPPED ] all of it: %s is not installed\n", missing.c_str());
    return 0;
  }
  RealServer::shared("redis");  // by the thread that outlives them all
  return RUN_ALL_TESTS();
}

// needs: redis_connector
/// RedisConnector keeps the laws of a connector on every backend: in the clear and encrypted.
#include <carpool/redis_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "real_server.hpp"

namespace {

template <class B, bool Encrypted>
class RedisScene {
 public:
  using Backend = B;

  RedisScene() { stopped_.stop(); }

  carpool::RedisConnector connector() { return to(proxy_.port()); }
  carpool::RedisConnector dead_connector() { return to(stopped_.port()); }

  void exchange(carpool::RedisConnection<B>& connection) {
    const std::string nonce = std::to_string(asked_.fetch_add(1));
    const carpool::TimePoint deadline = B::now() + std::chrono::seconds(10);
    if (connection.template command_until<std::string>(deadline, "ECHO", nonce) != nonce)
      throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }

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
  std::atomic<int> asked_ = 0;
};

template <class B>
struct PlainRedisScene : RedisScene<B, false> {};
template <class B>
struct EncryptedRedisScene : RedisScene<B, true> {};

template <template <class> class Scene, class Types>
struct EachIn;
template <template <class> class Scene, class... Backends>
struct EachIn<Scene, testing::Types<Backends...>> {
  using type = testing::Types<Scene<Backends>...>;
};

using PlainScenes = EachIn<PlainRedisScene, IoBackends>::type;
using EncryptedScenes = EachIn<EncryptedRedisScene, IoBackends>::type;
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, ConnectorConformance, PlainScenes, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisOverTls, ConnectorConformance, EncryptedScenes, BackendName);

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

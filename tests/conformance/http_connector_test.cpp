/// HttpConnector keeps the laws of a connector on every backend, with a real nginx, in plain text and over TLS.
// needs: http_connector
#include <carpool/http_connector.hpp>

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
class HttpScene {
 public:
  using Backend = B;

  HttpScene() { deaf_.refuse(true); }

  carpool::HttpConnector connector() { return at(proxy_.port()); }
  carpool::HttpConnector dead_connector() { return at(deaf_.port()); }

  void exchange(carpool::HttpConnection<B>& connection) {
    const std::string nonce = std::to_string(++nonce_);
    const carpool::HttpResponse answer = connection.get("/echo?nonce=" + nonce);
    if (answer.status != 200 || answer.body != "GET " + nonce) throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }

 private:
  carpool::HttpConnector at(std::uint16_t port) {
    carpool::HttpConnector connector{.host = "127.0.0.1", .port = port};
    if (encrypted) connector.tls = carpool::HttpTls{.ca_file = server_.file("ca.pem")};
    return connector;
  }

  RealServer& server_ = RealServer::shared("nginx");
  ChaosProxy proxy_{encrypted ? server_.tls_port() : server_.port()};
  ChaosProxy deaf_{server_.port()};
  std::atomic<int> nonce_ = 0;
};

template <class B>
struct PlainHttpScene : HttpScene<B, false> {};
template <class B>
struct EncryptedHttpScene : HttpScene<B, true> {};

template <template <class> class Scene, class Types>
struct EachIn;
template <template <class> class Scene, class... Backends>
struct EachIn<Scene, testing::Types<Backends...>> {
  using type = testing::Types<Scene<Backends>...>;
};

using PlainScenes = EachIn<PlainHttpScene, IoBackends>::type;
using EncryptedScenes = EachIn<EncryptedHttpScene, IoBackends>::type;
INSTANTIATE_TYPED_TEST_SUITE_P(Http, ConnectorConformance, PlainScenes, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Https, ConnectorConformance, EncryptedScenes, BackendName);

}  // namespace

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (const std::string missing = RealServer::missing("nginx"); !missing.empty()) {
    std::printf("[  SKIPPED ] all of it: %s is not installed\n", missing.c_str());
    return 0;
  }
  RealServer::shared("nginx");  // by the thread that outlives them all
  return RUN_ALL_TESTS();
}

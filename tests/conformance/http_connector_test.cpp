/// HttpConnector keeps the laws of a connector on every backend, with a real nginx, in plain text and over TLS.
// needs: http_connector
#include <carpool/http_connector.hpp>

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

template <class B, bool encrypted>
class HttpScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = encrypted ? 13 : 1, slack = encrypted ? 30 : 0;

  HttpScene() { deaf_.refuse(true); }

  carpool::HttpConnector connector() { return at(proxy_.port()); }
  carpool::HttpConnector dead_connector() { return at(deaf_.port()); }

  void exchange(carpool::HttpConnection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.get("/echo?nonce=" + nonce, deadline).body, "GET " + nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return proxy_.open(); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  carpool::HttpConnector at(std::uint16_t port) {
    carpool::HttpConnector connector{.host = "127.0.0.1", .port = port};
    if (encrypted) connector.tls = carpool::HttpTls{.ca_file = server_.file("ca.pem")};
    return connector;
  }

  RealServer& server_ = RealServer::shared("nginx");
  ChaosProxy proxy_{encrypted ? server_.tls_port() : server_.port()};
  ChaosProxy deaf_{server_.port()};
};

template <class B>
struct PlainHttpScene : HttpScene<B, false> {};
template <class B>
struct EncryptedHttpScene : HttpScene<B, true> {};

INSTANTIATE_TYPED_TEST_SUITE_P(Http, ConnectorConformance, ScenesOf<PlainHttpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Https, ConnectorConformance, ScenesOf<EncryptedHttpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Http, ConnectorFaults, ScenesOf<PlainHttpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Https, ConnectorFaults, ScenesOf<EncryptedHttpScene>, BackendName);

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

// needs: thrift_connector
/// ThriftConnector keeps the laws of a connector on every backend.
#include <carpool/thrift_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"
#include "thrift_echo.hpp"

namespace {

template <class B>
class ThriftScene {
 public:
  using Backend = B;
  static constexpr std::size_t stride = 1, slack = 0;
  using Connector = carpool::ThriftConnector<thrift_echo::Client>;

  ThriftScene() { stopped_.stop(); }

  Connector connector() { return {.host = "127.0.0.1", .port = proxy_.port()}; }
  Connector dead_connector() { return {.host = "127.0.0.1", .port = stopped_.port()}; }

  void exchange(Connector::Connection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    const std::string nonce = new_nonce();
    check_answer(connection.client(deadline).say(nonce), nonce);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  thrift_echo::Server server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Thrift, ConnectorConformance, ScenesOf<ThriftScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Thrift, ConnectorFaults, ScenesOf<ThriftScene>, BackendName);

}  // namespace

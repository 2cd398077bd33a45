// needs: thrift_connector
/// ThriftConnector keeps the laws of a connector on every backend.
#include <carpool/thrift_connector.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "thrift_echo.hpp"

namespace {

template <class B>
class ThriftScene {
 public:
  using Backend = B;
  using Connector = carpool::ThriftConnector<thrift_echo::Client>;

  ThriftScene() { stopped_.stop(); }

  Connector connector() { return {.host = "127.0.0.1", .port = proxy_.port()}; }
  Connector dead_connector() { return {.host = "127.0.0.1", .port = stopped_.port()}; }

  void exchange(Connector::Connection<B>& connection) {
    const carpool::TimePoint deadline = B::now() + std::chrono::seconds(10);
    if (connection.client(deadline).say("question") != "question") throw std::runtime_error("another's answer");
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }

 private:
  thrift_echo::Server server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

template <class Types>
struct EachInThriftScene;
template <class... Backends>
struct EachInThriftScene<testing::Types<Backends...>> {
  using type = testing::Types<ThriftScene<Backends>...>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Thrift, ConnectorConformance, EachInThriftScene<IoBackends>::type, BackendName);

}  // namespace

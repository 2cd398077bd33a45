/// TcpConnector keeps the laws of a connector on every backend.
#include <carpool/tcp_connector.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>

#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"

namespace {

template <class B>
class TcpScene {
 public:
  using Backend = B;

  TcpScene() { stopped_.stop(); }

  carpool::TcpConnector connector() { return {.host = "127.0.0.1", .port = server_.port()}; }
  carpool::TcpConnector dead_connector() { return {.host = "127.0.0.1", .port = stopped_.port()}; }

  void exchange(carpool::StreamConnection<B>& connection) {
    const carpool::TimePoint deadline = B::now() + std::chrono::seconds(10);
    connection.write_all("question\n", deadline);
    if (connection.read_until("\n", 100, deadline) != "question") throw std::runtime_error("another's answer");
  }

  void kill_peers() { server_.close_all(); }
  std::size_t open() { return server_.open(); }
  std::size_t heard() { return server_.bytes_received(); }

 private:
  LoopbackServer server_;
  LoopbackServer stopped_;
};

template <class Types>
struct EachInTcpScene;
template <class... Backends>
struct EachInTcpScene<testing::Types<Backends...>> {
  using type = testing::Types<TcpScene<Backends>...>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, ConnectorConformance, EachInTcpScene<IoBackends>::type, BackendName);

}  // namespace

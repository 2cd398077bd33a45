/// UnixConnector keeps the laws of a connector on every backend.
#include <carpool/unix_connector.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include "connector_conformance.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"

namespace {

template <class B>
class UnixScene {
 public:
  using Backend = B;

  carpool::UnixConnector connector() { return {.path = path_}; }
  carpool::UnixConnector dead_connector() { return {.path = path_ + "_of_nobody"}; }

  void exchange(carpool::StreamConnection<B>& connection) {
    const carpool::TimePoint deadline = B::now() + std::chrono::seconds(10);
    connection.write_all("question\n", deadline);
    if (connection.read_until("\n", 100, deadline) != "question") throw std::runtime_error("another's answer");
  }

  void kill_peers() { server_.close_all(); }
  std::size_t open() { return server_.open(); }
  std::size_t heard() { return server_.bytes_received(); }

 private:
  // An abstract name: it needs no folder and cannot be left behind.
  const std::string path_ = "@carpool_conformance_" + std::to_string(::getpid());
  LoopbackServer server_{carpool::SocketAddress::unix_path(path_)};
};

template <class Types>
struct EachInUnixScene;
template <class... Backends>
struct EachInUnixScene<testing::Types<Backends...>> {
  using type = testing::Types<UnixScene<Backends>...>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Unix, ConnectorConformance, EachInUnixScene<IoBackends>::type, BackendName);

}  // namespace
